"""Letters to one person that did not get through: why, in plain words, and whether they may be tried again."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Enrollment, Message, Sequence
from campaigns.names import called
from campaigns.queries.eligibility import may_send
from campaigns.queries.sequences import ARRIVED_AFTER_ALL, failed_sentence, skip_sentence
from contacts.models import Contact
from contacts.queries.consent import address_of
from contacts.timeline_kinds import Question, Telling, Trouble, TroubleAction
from ecosystem.base.access import Action

State = Message.State

MOST = 20
# What came back has a line of its own; what was skipped never was to go, but where somebody wanted it to go once more.
SHOWN = (State.FAILED, State.UNKNOWN, State.EXPIRED, State.LOST, State.PARKED)
_STOPPED = (State.SKIPPED, State.CANCELLED)
_AGAIN = "again:"
OPTED_OUT = "opted_out"


def again_key(message_id: UUID) -> str:
    """The key of the letter that takes the place of one that did not get through: there is one such letter."""
    return f"{_AGAIN}{message_id}"


def why_not_again(message: Message, *, was_tried: bool, now: datetime) -> str | Promise:
    """Why a letter may not be tried again, whoever it is to; empty where it may."""
    if was_tried:
        return _("It was tried again.")
    if message.state not in (State.FAILED, State.UNKNOWN):
        return _NEVER.get(message.state, _("It is not one that failed."))
    if message.is_replaced:
        return _("It is not tried again: the first one arrived after all.")
    if message.reason == OPTED_OUT:
        return _("It is not tried again: they stopped texts at their provider, and only they can open that.")
    if message.expires_at is not None and message.expires_at <= now:
        return _("It is not tried again: it would come too late to be of use.")
    return ""


def why_not_now(contact: Contact, message: Message, *, now: datetime) -> str | Promise:
    """Why a letter that failed may not go once more as things stand, as the gate would say; empty where it may."""
    if message.sequence is not None and message.sequence.state == Sequence.State.ARCHIVED:
        return _("Its sequence was put away.")
    if message.enrollment is not None and message.enrollment.state == Enrollment.State.EXITED:
        return _("They have left its sequence.")
    is_needed = message.message_class == Message.MessageClass.TRANSACTIONAL
    if not is_needed and address_of(contact, channel=message.channel) != message.address:
        return _("They have another address now, and this one was for the old one.")
    verdict = may_send(
        contact,
        channel=message.channel,
        topic=message.topic,
        message_class=message.message_class,
        now=now,
        address=message.address,
    )
    return "" if verdict.allowed else verdict.sentence


_NEVER: dict[str, Promise] = {
    State.EXPIRED: _("It is not tried again: it would come too late to be of use."),
    State.LOST: _("It is not tried again: somebody of the team gave it up, since it may have arrived."),
    State.PARKED: _("It is not tried again before we have mended what it does to our program."),
    State.BOUNCED: _("It is not tried again: the address does not work."),
    State.COMPLAINED: _("It is not tried again: they called it unwanted."),
    State.SKIPPED: _("So it did not go once more."),
    State.CANCELLED: _("So it did not go once more."),
}


def undelivered_to(
    contact: Contact, *, since: datetime | None, until: datetime | None, now: datetime
) -> Iterator[Trouble]:
    """The newest letters to a person that did not get through, after one moment and up to another. One statement."""
    # What stopped at the gate and was handed before, or stands for one that was, was to go once more.
    went_before = Q(idem_key__startswith=_AGAIN) | Q(handed_at__isnull=False)
    shown = Q(rare_state__in=SHOWN) | (Q(rare_state__in=_STOPPED) & went_before & ~Q(reason="template_error"))
    found = Message.objects.filter(shown, contact_id__in=contact.all_ids, is_test=False)
    # All of theirs, and not each for its own: behind the wall no index is used by a key made of another column.
    tries = Message.objects.filter(contact_id__in=contact.all_ids, idem_key__startswith=_AGAIN).values("idem_key")
    found = found.annotate(ended_at=Coalesce(F("handed_at"), F("updated_at")), tries=ArraySubquery(tries))
    if since is not None:
        found = found.filter(ended_at__gt=since)
    if until is not None:
        found = found.filter(ended_at__lte=until)
    for message in found.select_related("content_version").order_by("-ended_at", "-id")[:MOST]:
        yield _trouble(message, now)


def _trouble(message: Message, now: datetime) -> Trouble:
    content = message.content_version
    name = called(content.subject if content else "", content.text_body if content else "")
    was_tried = again_key(message.id) in vars(message)["tries"]
    why_not = why_not_again(message, was_tried=was_tried, now=now)
    action = None
    if not why_not:
        asks = _question(name) if message.state == State.UNKNOWN else None
        action = TroubleAction(_("Try again"), "campaigns:message_again", message.id, Action.START_SEQUENCES, asks)
    return Trouble(
        icon="octagon-alert",
        telling=Telling(title=_title(message) % {"subject": name}, text=f"{_why(message)} {why_not}".strip()),
        occurred_at=vars(message)["ended_at"],
        action=action,
    )


def _question(subject: str) -> Question:
    """What is asked before a letter goes again that may have arrived."""
    title = str(_("Send “%(subject)s” again?")) % {"subject": subject}
    return Question(title=title, text=_("If the first one did arrive, it comes a second time."))


def _title(message: Message) -> str:
    if message.reason == ARRIVED_AFTER_ALL:
        return str(_("“%(subject)s” did not go once more"))
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
    if message.state in _STOPPED:
        return str(skip_sentence(message.reason))
    return str(failed_sentence(message))
