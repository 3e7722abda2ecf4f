"""Letters to one person that did not get through: why, in plain words, and whether they may be tried again."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Message
from campaigns.queries.sequences import failed_sentence
from campaigns.timeline import called
from contacts.models import Contact
from contacts.timeline_kinds import Telling, Trouble, TroubleAction
from ecosystem.base.access import Action

State = Message.State

MOST = 20
# What came back has a line of its own; what was skipped never was to go.
SHOWN = (State.FAILED, State.UNKNOWN, State.EXPIRED, State.LOST, State.PARKED)
OPTED_OUT = "opted_out"


def why_not_again(state: str, reason: str, expires_at: datetime | None, *, now: datetime) -> str | Promise:
    """Why a letter in such a state may not be tried again; empty where it may."""
    if state not in (State.FAILED, State.UNKNOWN):
        return _NEVER.get(state, _("It is not one that failed."))
    if reason == OPTED_OUT:
        return _("It is not tried again: they stopped texts at their provider, and only they can open that.")
    if expires_at is not None and expires_at <= now:
        return _("It is not tried again: it would come too late to be of use.")
    return ""


_NEVER: dict[str, Promise] = {
    State.EXPIRED: _("It is not tried again: it would come too late to be of use."),
    State.LOST: _("It is not tried again: somebody of the team gave it up, since it may have arrived."),
    State.PARKED: _("It is not tried again before we have mended what it does to our program."),
    State.BOUNCED: _("It is not tried again: the address does not work."),
    State.COMPLAINED: _("It is not tried again: they called it unwanted."),
}


def undelivered_to(
    contact: Contact, *, since: datetime | None, until: datetime | None, now: datetime
) -> Iterator[Trouble]:
    """The newest letters to a person that did not get through, after one moment and up to another. One statement."""
    found = Message.objects.filter(contact_id__in=contact.all_ids, rare_state__in=SHOWN, is_test=False)
    found = found.annotate(ended_at=Coalesce(F("handed_at"), F("updated_at")))
    if since is not None:
        found = found.filter(ended_at__gt=since)
    if until is not None:
        found = found.filter(ended_at__lte=until)
    for message in found.select_related("content_version").order_by("-ended_at", "-id")[:MOST]:
        yield _trouble(message, now)


def _trouble(message: Message, now: datetime) -> Trouble:
    content = message.content_version
    name = called(content.subject if content else "", content.text_body if content else "")
    why_not = why_not_again(message.state, message.reason, message.expires_at, now=now)
    action = None
    if not why_not:
        action = TroubleAction(_("Try again"), "campaigns:message_again", message.id, Action.START_SEQUENCES)
    return Trouble(
        icon="octagon-alert",
        telling=Telling(title=_title(message) % {"subject": name}, text=f"{_why(message)} {why_not}".strip()),
        occurred_at=vars(message)["ended_at"],
        action=action,
    )


def _title(message: Message) -> str:
    if message.state in (State.UNKNOWN, State.LOST):
        return str(_("“%(subject)s” may not have arrived"))
    return str(_("“%(subject)s” did not get through"))


def _why(message: Message) -> str:
    if message.state == State.UNKNOWN:
        return str(
            _(
                "The connection broke in the middle, and nobody told us what became of it. Sent again, it may come "
                "twice."
            )
        )
    if message.state == State.EXPIRED:
        return str(_("It waited longer than it was of use."))
    return str(failed_sentence(message))
