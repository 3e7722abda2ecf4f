"""Delivery: a business's waiting messages, taken in hand, passed through the gate, sent, and written down.

planned -> queued -> claimed -> handed -> accepted, each step committed before the next begins. A worker that dies
leaves at most one message in doubt; what is in doubt is never sent again by itself unless somebody needs it.
"""

import random
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings

from campaigns.gateways.base import Gateway
from campaigns.gateways.mail import open_mail_gateway
from campaigns.gateways.sms import open_sms_gateway
from campaigns.queries.accounts import Account, account_for
from campaigns.queries.sending import MOST_WITHOUT_ALL_RECORDS, Sending, find_sending
from campaigns.queries.texts import text_settings
from campaigns.services.account_suspensions import LOOK_SECONDS, find_suspension, lift_suspension, may_try
from campaigns.services.delivery_asking import ask_again, can_be_asked, next_asking
from campaigns.services.delivery_claims import ClaimedMessage, claim_messages, give_back, next_due
from campaigns.services.delivery_days import DayOfSending
from campaigns.services.delivery_lease import close_claim_here
from campaigns.services.delivery_limits import Limits, open_limits
from campaigns.services.delivery_marks import open_mark
from campaigns.services.delivery_sweep import resend_unknown, sweep_messages
from campaigns.services.delivery_turn import Turn
from campaigns.services.messages import channel_of
from campaigns.services.rendering import LetterPress, open_press
from campaigns.services.text_press import TextPress, open_text_press
from contacts.models import Channel
from ecosystem.agenda import NotServed
from ecosystem.base import faults
from ecosystem.base.tenancy import business_scope
from ecosystem.services.agenda import is_crowded, note_work
from ecosystem.services.tallies import QUEUE as TALLIES_QUEUE

QUANTUM = 100
# A turn is so long while a crowd waits for its first: each soon has some on the way, and then all go on faster.
QUANTUM_IN_A_CROWD = 20
PAUSED_SECONDS = 60
FOLDS_PER_MAIL = 1 / 5_000


def work_delivery(lane: str, business_id: int, now: datetime) -> datetime | NotServed | None:
    """One turn of a business in a lane: judge what was left behind, send up to a hundred; when to come again.

    In a crowd that waits for its first turn fewer are sent, so that all begin soon. Where a limit let nothing go the
    business keeps its place among those that wait.
    """
    began = time.monotonic()
    with business_scope(business_id):
        sweep_messages(lane)
        sending = find_sending()
        if sending is None:
            return now + timedelta(seconds=PAUSED_SECONDS)
        resend_unknown(lane)
        channel = channel_of(lane)
        account = account_for(channel)
        ask_again(lane, account)
        suspension = find_suspension(account)
        quantum = QUANTUM_IN_A_CROWD if is_crowded(f"send.{lane}") else QUANTUM
        sender = _sender_of(channel, sending) if settings.SENDS_PER_SECOND_SENDER else ""
    if not account.url:
        return now + timedelta(seconds=PAUSED_SECONDS)
    if account.is_own and not sending.is_proved:
        # No provider of theirs sends from the shared address, and from an unproved one nobody may.
        return now + timedelta(seconds=LOOK_SECONDS)
    if suspension is not None and not may_try(account, suspension, now=now):
        return now + timedelta(seconds=LOOK_SECONDS)
    limits = open_limits(account, business_id, lane, channel=channel, sender_address=sender)
    opening = limits.open()
    if opening.seconds_left:
        return NotServed(now + timedelta(seconds=time.monotonic() - began + opening.seconds_left))
    day = DayOfSending(
        account.key,
        per_day=_most_in_a_day(account, sending),
        now=now,
        timezone=sending.timezone,
        is_urgent=limits.is_urgent,
        is_measured=sending.is_measured,
    )
    gateway: Gateway = open_sms_gateway(account.url) if channel == Channel.SMS else open_mail_gateway(account.url)
    try:
        count = opening.most or quantum
        sent = deliver(business_id, lane, now=now, gateway=gateway, count=count, limits=limits, day=day)
    finally:
        gateway.close()
        limits.close()
    if sent and suspension is not None:
        lift_suspension(account)
    return _come_again(lane, business_id, sent, now + timedelta(seconds=time.monotonic() - began), limits, day)


def _most_in_a_day(account: Account, sending: Sending) -> int | None:
    """What the owner entered, and what mailbox providers take from a domain without SPF, DKIM and DMARC."""
    if not account.is_own or sending.is_complete:
        return account.per_day
    return min(account.per_day or MOST_WITHOUT_ALL_RECORDS, MOST_WITHOUT_ALL_RECORDS)


def _sender_of(channel: Channel, sending: Sending) -> str:
    """The address or number that messages of the current business come from."""
    return text_settings().number if channel == Channel.SMS else sending.from_address


def _come_again(
    lane: str, business_id: int, sent: int, moment: datetime, limits: Limits, day: DayOfSending
) -> datetime | NotServed | None:
    """When a business is due again after a turn that ended at `moment`."""
    with business_scope(business_id):
        # Much sending appends many counts: they are folded more often than the hourly look.
        if random.random() < FOLDS_PER_MAIL * sent:  # noqa: S311 - a chance, no secret
            note_work(TALLIES_QUEUE)
        if day.is_full:
            return next_due(lane, not_before=day.ends_at)
        if not limits.wait_seconds:
            return _sooner(next_due(lane), next_asking(lane, limits.account))
        due_at = next_due(lane, not_before=moment + timedelta(seconds=limits.wait_seconds))
    return due_at if sent or due_at is None else NotServed(due_at)


def _sooner(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def deliver(
    business_id: int,
    lane: str,
    *,
    now: datetime,
    gateway: Gateway,
    count: int = QUANTUM,
    limits: Limits | None = None,
    day: DayOfSending | None = None,
) -> int:
    """Take up to `count` due messages in hand and see them through; how many were sent.

    Nothing is open in the database while the provider is talked to. Without limits as many go as there are.
    """
    token = uuid4()
    mark = open_mark(token)
    is_over = False
    try:
        with business_scope(business_id):
            keyed_by = limits.account.key if limits is not None and can_be_asked(limits.account) else ""
            claimed = _claim(
                lane, token=token, now=now, count=count, marks_rows=mark is None, keyed_by=keyed_by, day=day
            )
            press = _open_press(lane, claimed) if claimed else None
        faults.hit("after_claim")
        turn = Turn(business_id, claimed, press, gateway, token, mark, lane, limits, keyed_by) if press else None
        sent = turn.send_all() if turn else 0
        is_over = True
        if day is not None and turn is not None and turn.left < len(claimed):
            with business_scope(business_id):
                day.give_back_unused(turn.left)
    finally:
        if mark is not None:
            mark.close(is_over=is_over)
    return sent


def _claim(
    lane: str, *, token: UUID, now: datetime, count: int, marks_rows: bool, keyed_by: str, day: DayOfSending | None
) -> list[ClaimedMessage]:
    """Take messages in hand, as many as the day has places for. One more is looked at, to know whether any wait."""
    if day is None or not day.is_limited:
        return claim_messages(lane, token=token, now=now, count=count, marks_rows=marks_rows, keyed_by=keyed_by)
    count = min(count, day.places_left() + 1)
    claimed = claim_messages(lane, token=token, now=now, count=count, marks_rows=marks_rows, keyed_by=keyed_by)
    granted = day.take(len(claimed)) if claimed else 0
    if granted < len(claimed):
        give_back(claimed[granted:], token=token)
    if claimed and not granted:
        close_claim_here(token)
    return claimed[:granted]


def _open_press(lane: str, claimed: Sequence[ClaimedMessage]) -> LetterPress | TextPress:
    return open_text_press(claimed) if channel_of(lane) == Channel.SMS else open_press(claimed)
