"""How letters and clicks are told in a person's timeline."""

from django.db.models import IntegerField, OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Left
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import IncomingText, Link, Message
from campaigns.names import called
from contacts.models import Channel, Interaction
from contacts.timeline_kinds import TIMELINE_KINDS, Fact, Scene, Shelf, Telling, TimelineKind, about

_LETTER = {"subject": "content_version__subject", "body": Left("content_version__text_body", 60)}


def a_letter() -> Subquery:
    """The message that a line tells of: what it is called, and whether its receiver lets it wait."""
    return about(Message, **_LETTER, delayed_at="delayed_at")


def a_click() -> Subquery:
    """The message that was clicked, with where the link led."""
    number = Cast(KeyTextTransform("link_number", OuterRef(OuterRef("params"))), IntegerField())
    links = Link.objects.filter(content_version=OuterRef("content_version"), number=number)
    return about(Message, **_LETTER, url=Subquery(links.values("url")[:1]))


def a_text() -> Subquery:
    """The text that came in."""
    return about(IncomingText, body="body", meaning="meaning")


def subject_of(fact: Fact) -> str:
    """What a letter is called in a timeline."""
    return called(fact["subject"], fact["body"]) if fact else called("", "")


def tell_sent(line: Interaction, scene: Scene, fact: Fact) -> Telling:
    """`We sent “Bread in winter”`, `We texted “The rye is back”`."""
    if line.channel == Channel.SMS:
        return Telling(title=gettext("We texted “%(subject)s”") % {"subject": subject_of(fact)})
    waits = fact is not None and fact["delayed_at"] is not None
    text = gettext("Their mail server does not take it yet. The provider goes on trying.") if waits else ""
    return Telling(title=gettext("We sent “%(subject)s”") % {"subject": subject_of(fact)}, text=text)


def tell_bounced(line: Interaction, scene: Scene, fact: Fact) -> Telling:
    """`“Bread in winter” came back`, and that the address is closed."""
    title = gettext("“%(subject)s” came back") % {"subject": subject_of(fact)}
    return Telling(title=title, text=gettext("The address does not work. We write to it no more."))


def tell_complained(line: Interaction, scene: Scene, fact: Fact) -> Telling:
    """`Called “Bread in winter” unwanted`, and that nothing more is sent."""
    title = gettext("Called “%(subject)s” unwanted") % {"subject": subject_of(fact)}
    return Telling(title=title, text=gettext("They said so in their mail program. We write to them no more."))


def tell_click(line: Interaction, scene: Scene, fact: Fact) -> Telling:
    """`Read on in “Bread in winter”`, with where the link led."""
    url = (fact and fact["url"]) or ""
    return Telling(title=gettext("Read on in “%(subject)s”") % {"subject": subject_of(fact)}, text=url)


def tell_opened(line: Interaction, scene: Scene, fact: Fact) -> Telling:
    """`Opened “Bread in winter”`."""
    return Telling(title=gettext("Opened “%(subject)s”") % {"subject": subject_of(fact)})


def tell_received(line: Interaction, scene: Scene, fact: Fact) -> Telling:
    """`Texted us`, with the words and what they mean to us."""
    if fact is None:
        return Telling(title=gettext("Texted us"))
    meaning = IncomingText.Meaning(fact["meaning"])
    text = "" if meaning == IncomingText.Meaning.OTHER else str(meaning.label)
    return Telling(title=gettext("Texted us"), said=fact["body"], text=text)


_TOLD = (
    ("text_received", _("Texted us"), "message-square-text", tell_received, a_text),
    ("message_sent", _("A letter from us"), "send", tell_sent, a_letter),
    ("content_clicked", _("Read on"), "mouse-pointer-click", tell_click, a_click),
    ("message_opened", _("Opened"), "eye", tell_opened, a_letter),
    ("message_bounced", _("Came back"), "undo-2", tell_bounced, a_letter),
    ("message_complained", _("Called unwanted"), "octagon-alert", tell_complained, a_letter),
)
for _kind, _label, _icon, _tell, _fact in _TOLD:
    TIMELINE_KINDS.add(_kind, TimelineKind(_label, _icon, _tell, _fact, Shelf.MESSAGES))
