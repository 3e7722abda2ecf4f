"""Getting settled: the first steps of a new business, each of which reads what is really there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from ecosystem.base.access import Action
from ecosystem.base.registry import Registry
from ecosystem.models import BusinessProfile


@dataclass(frozen=True)
class SettlingFacts:
    """What Today knows already, so that no step has to ask again: the profile, and people by kind."""

    profile: BusinessProfile
    people: Mapping[str, int]


@dataclass(frozen=True)
class SettlingStep:
    """One step: its words, whether it is done, where it is done, and who may do it."""

    label: str | Promise
    is_done: bool
    url_name: str
    action: Action


# Each source answers with its steps in at most one statement.
CHECKLIST: Registry[Callable[[SettlingFacts], Sequence[SettlingStep]]] = Registry("checklist")
