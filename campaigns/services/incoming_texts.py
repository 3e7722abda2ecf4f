"""What people answer to texts: kept, told in their timeline, and obeyed."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import IncomingText, Sequence
from campaigns.queries.texts import is_automatic, people_with_number, undecided
from campaigns.rendering.texts import HELP, STARTED, STOPPED
from campaigns.services.enrollments import exit_on_deed
from campaigns.services.replies import tell_of_maybe_stop, tell_of_reply
from campaigns.services.text_signups import confirm_texts, plan_system_text
from campaigns.services.text_stops import restart_number, stop_number
from campaigns.services.text_words import meaning_of
from contacts.models import Channel, Suppression
from contacts.services.interactions import NewInteraction, record_interactions
from contacts.services.suppression import release_hold, suppress_address
from ecosystem.base import clock
from ecosystem.base.addresses import address_hash, address_hashes
from ecosystem.base.errors import Conflict
from ecosystem.base.ratelimit import take
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act

QUEUE = "texts"
DECIDE_WITHIN = timedelta(hours=24)
# A confirmation that comes later than that says nothing useful any more (47 CFR 64.1200(a)(12)).
ANSWER_WITHIN = timedelta(minutes=5)
ANSWERS_A_DAY = 5
Meaning = IncomingText.Meaning


@transaction.atomic
def hear_text(*, number: str, body: str, provider_id: str, now: datetime | None = None) -> IncomingText:
    """Keep a text that came in, obey it, and tell it in the timeline of whoever has the number.

    Heard twice (providers repeat themselves) it counts once. A number that nobody has is kept as well.
    """
    now = now or clock.now()
    people = people_with_number(number)
    text = IncomingText(
        contact=people[0] if len(people) == 1 else None,
        number=number,
        number_hash=address_hash(Channel.SMS, number),
        body=body[:1600],
        provider_id=provider_id[:120],
        meaning=meaning_of(body),
        received_at=now,
    )
    IncomingText.objects.bulk_create([text], ignore_conflicts=True)
    kept = IncomingText.objects.get(provider_id=text.provider_id)
    if kept.id != text.id:
        return kept
    _obey(text, now)
    record_interactions(
        [
            NewInteraction(
                contact_id=person.pk,
                kind="text_received",
                channel=Channel.SMS,
                direction="in",
                occurred_at=now,
                source="campaigns.text",
                external_id=f"{text.id}:{person.pk}",
                object_id=text.id,
                params={"meaning": text.meaning},
            )
            for person in people_with_number(number)
        ]
    )
    if text.meaning == Meaning.OTHER and people and not is_automatic(text):
        exit_on_deed([person.pk for person in people], Sequence.EndsOn.REPLY)
    if text.meaning == Meaning.OTHER and people:
        tell_of_reply(people, key=text.id.hex)
    elif text.meaning == Meaning.MAYBE_STOP and people:
        tell_of_maybe_stop(people, key=text.id.hex)
    return text


@transaction.atomic
def decide_text(text: IncomingText, *, was_stop: bool, actor: Membership | None = None) -> IncomingText:
    """Somebody decides whether a text meant stop: it stops the number for good, or lets texts go on.

    Decided already, it stays as it is. Raises Conflict where there is nothing to decide.
    """
    held = IncomingText.objects.select_for_update(no_key=True).get(id=text.id)
    if held.meaning != Meaning.MAYBE_STOP:
        raise Conflict("nothing_to_decide", _("This text says clearly what it means."))
    if held.settled_at is not None:
        return held
    held.settled_at, held.was_stop = clock.now(), was_stop
    held.save(update_fields=["settled_at", "was_stop", "updated_at"])
    if was_stop:
        _stop(held, held.settled_at, answers=False)
    elif not IncomingText.objects.filter(
        number_hash=held.number_hash, meaning=Meaning.MAYBE_STOP, settled_at__isnull=True
    ).exists():
        release_hold(channel=Channel.SMS, hashes=address_hashes(Channel.SMS, held.number))
    record_act("text_meant_stop" if was_stop else "text_meant_no_stop", actor=actor, subject=held)
    return held


def work_undecided(business_id: int, now: datetime) -> datetime | None:
    """Take as a stop what nobody has decided about within a day; when the next one falls due."""
    with business_scope(business_id):
        for text in list(undecided(now - DECIDE_WITHIN)[:100]):
            decide_text(text, was_stop=True)
        following = undecided().first()
    return following.received_at + DECIDE_WITHIN if following else None


def _obey(text: IncomingText, now: datetime) -> None:
    if text.meaning == Meaning.STOP:
        _stop(text, now, answers=True)
        _settle_earlier(text, now, was_stop=True)
    elif text.meaning in (Meaning.START, Meaning.YES):
        if _begin(text, now):
            _settle_earlier(text, now, was_stop=False)
    elif text.meaning == Meaning.HELP:
        _answer(HELP, text, now)
    elif text.meaning == Meaning.MAYBE_STOP:
        _hold(text, now)


def _stop(text: IncomingText, now: datetime, *, answers: bool) -> None:
    if stop_number(text.number, source="text", request_id=text.id, now=now) and answers:
        _answer(STOPPED, text, now)


def _confirm(text: IncomingText, now: datetime) -> bool:
    found = confirm_texts(text.number, keyword=text.body[:40], now=now)
    if found is not None and text.contact is None:
        text.contact = found.contact
        text.save(update_fields=["contact", "updated_at"])
    return found is not None


def _settle_earlier(text: IncomingText, now: datetime, *, was_stop: bool) -> None:
    """What the number says now in clear words decides what it may have meant before; nobody has to any more."""
    hashes = address_hashes(Channel.SMS, text.number)
    earlier = IncomingText.objects.filter(
        number_hash__in=hashes, meaning=Meaning.MAYBE_STOP, settled_at__isnull=True, received_at__lte=now
    )
    earlier.update(settled_at=now, was_stop=was_stop, updated_at=now)
    if not was_stop:
        release_hold(channel=Channel.SMS, hashes=hashes)


def _begin(text: IncomingText, now: datetime) -> bool:
    """Whether a yes or a start means something here: it confirms what was asked, or brings back what was stopped."""
    if _confirm(text, now):
        return True
    if text.meaning == Meaning.YES and not _is_stopped(text.number):
        return False
    _start(text, now)
    return True


def _start(text: IncomingText, now: datetime) -> None:
    whose, topics = restart_number(text.number, keyword=text.body[:40], request_id=text.id, now=now)
    if topics and take(("text_answer", text.number), ANSWERS_A_DAY, 24 * 3600):
        key = f"t:{STARTED}:{text.id}"
        plan_system_text(STARTED, key, text.number, topics=topics, contact=whose, expires_at=now + ANSWER_WITHIN)


def _hold(text: IncomingText, now: datetime) -> None:
    """Stop at once and let somebody decide; whom nobody knows loses nothing by a plain stop."""
    if not people_with_number(text.number):
        text.settled_at, text.was_stop = now, True
        text.save(update_fields=["settled_at", "was_stop", "updated_at"])
        _stop(text, now, answers=False)
        return
    hashes = address_hashes(Channel.SMS, text.number)
    suppress_address(channel=Channel.SMS, hashes=hashes, topic=None, reason=Suppression.Reason.HELD, now=now)
    note_work(QUEUE, now + DECIDE_WITHIN)


def _is_stopped(number: str) -> bool:
    stops = Suppression.objects.filter(
        channel=Channel.SMS, address_hash__in=address_hashes(Channel.SMS, number), lifted_at__isnull=True
    )
    return stops.exists()


def _answer(template: str, text: IncomingText, now: datetime) -> None:
    """Answer once, soon or not at all, and never without end: two machines could answer each other for ever."""
    if take(("text_answer", text.number), ANSWERS_A_DAY, 24 * 3600):
        plan_system_text(template, f"t:{template}:{text.id}", text.number, expires_at=now + ANSWER_WITHIN)
