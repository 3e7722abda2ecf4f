"""How each act of the audit trail is told, and what the things are called that acts are about; lent by every app."""

from dataclasses import dataclass

from django.utils.functional import Promise

from ecosystem.base.registry import Registry


@dataclass(frozen=True)
class ActWords:
    """One kind of act: its sentence with %(who)s and, where it is about a thing with a name, %(what)s."""

    sentence: str | Promise
    icon: str = "pencil"


@dataclass(frozen=True)
class ActSubject:
    """Things of one kind: the query that names some of them by `ids`, and the page of one, if it has one."""

    names: str
    url_name: str = ""


ACTS: Registry[ActWords] = Registry("acts")
ACT_SUBJECTS: Registry[ActSubject] = Registry("act subjects")


def tell_acts(icon: str, **sentences: str | Promise) -> None:
    """Add the sentences of some acts; two underscores in a name stand for a dot."""
    for name, sentence in sentences.items():
        ACTS.add(name.replace("__", "."), ActWords(sentence, icon))
