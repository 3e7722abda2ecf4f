"""How letters and clicks are told in a person's timeline."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import IncomingText, Link, Message
from contacts.models import Channel, Interaction
from contacts.timeline_kinds import TIMELINE_KINDS, Scene, Shelf, Telling, TimelineKind


def load_letters(lines: Sequence[Interaction]) -> Mapping[UUID, Message]:
    """The messages that lines tell of."""
    wanted = [line.object_id for line in lines if line.object_id]
    found = Message.objects.select_related("content_version").defer("content_version__plan").in_bulk(wanted)
    return {line.pk: found[line.object_id] for line in lines if line.object_id in found}


def load_clicks(lines: Sequence[Interaction]) -> Mapping[UUID, tuple[Message, str]]:
    """The messages that were clicked, with where the link led."""
    letters = load_letters(lines)
    versions = {message.content_version_id for message in letters.values()}
    urls = {
        (link.content_version_id, link.number): link.url for link in Link.objects.filter(content_version__in=versions)
    }
    return {
        line.pk: (message, urls.get((message.content_version_id, line.params.get("link_number")), ""))
        for line in lines
        if (message := letters.get(line.pk)) is not None
    }


def subject_of(message: Message | None) -> str:
    """What a letter is called in a timeline."""
    if message is not None and message.content_version is not None:
        return str(message.content_version)
    return gettext("a message of ours")


def tell_sent(line: Interaction, scene: Scene, loaded: Message | None) -> Telling:
    """`We sent “Bread in winter”`, `We texted “The rye is back”`."""
    if line.channel == Channel.SMS:
        return Telling(title=gettext("We texted “%(subject)s”") % {"subject": subject_of(loaded)})
    waits = loaded is not None and loaded.delayed_at is not None
    text = gettext("Their mail server does not take it yet. The provider goes on trying.") if waits else ""
    return Telling(title=gettext("We sent “%(subject)s”") % {"subject": subject_of(loaded)}, text=text)


def tell_bounced(line: Interaction, scene: Scene, loaded: Message | None) -> Telling:
    """`“Bread in winter” came back`, and that the address is closed."""
    title = gettext("“%(subject)s” came back") % {"subject": subject_of(loaded)}
    return Telling(title=title, text=gettext("The address does not work. We write to it no more."))


def tell_complained(line: Interaction, scene: Scene, loaded: Message | None) -> Telling:
    """`Called “Bread in winter” unwanted`, and that nothing more is sent."""
    title = gettext("Called “%(subject)s” unwanted") % {"subject": subject_of(loaded)}
    return Telling(title=title, text=gettext("They said so in their mail program. We write to them no more."))


def tell_click(line: Interaction, scene: Scene, loaded: Any) -> Telling:
    """`Read on in “Bread in winter”`, with where the link led."""
    message, url = loaded or (None, "")
    return Telling(title=gettext("Read on in “%(subject)s”") % {"subject": subject_of(message)}, text=url)


def load_texts(lines: Sequence[Interaction]) -> Mapping[UUID, IncomingText]:
    """The texts that lines tell of."""
    found = IncomingText.objects.in_bulk([line.object_id for line in lines if line.object_id])
    return {line.pk: found[line.object_id] for line in lines if line.object_id in found}


def tell_received(line: Interaction, scene: Scene, loaded: IncomingText | None) -> Telling:
    """`Texted us`, with the words and what they mean to us."""
    if loaded is None:
        return Telling(title=gettext("Texted us"))
    text = "" if loaded.meaning == IncomingText.Meaning.OTHER else str(loaded.get_meaning_display())
    return Telling(title=gettext("Texted us"), said=loaded.body, text=text)


_TOLD = (
    ("text_received", _("Texted us"), "message-square-text", tell_received, load_texts),
    ("message_sent", _("A letter from us"), "send", tell_sent, load_letters),
    ("content_clicked", _("Read on"), "mouse-pointer-click", tell_click, load_clicks),
    ("message_bounced", _("Came back"), "undo-2", tell_bounced, load_letters),
    ("message_complained", _("Called unwanted"), "octagon-alert", tell_complained, load_letters),
)
for _kind, _label, _icon, _tell, _load in _TOLD:
    TIMELINE_KINDS.add(_kind, TimelineKind(_label, _icon, _tell, _load, Shelf.MESSAGES))
