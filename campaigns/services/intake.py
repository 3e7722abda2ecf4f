"""The one way in for a request to be written to, whether it comes from our page, a frame in another site or a program.

Who sends is judged before anything of what was sent is looked at, so the answer says nothing about an address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from campaigns.models import Signup, SignupForm, SignupFormTopic, TextSignup
from campaigns.services.form_times import FormTime, Freshness, read_form_time, use_form_time
from campaigns.services.signups import request_signup
from campaigns.services.text_signups import request_texts
from contacts.services.consent_ledger import Evidence
from ecosystem.base import clock
from ecosystem.base.ratelimit import seconds_left, take

VISITOR_LIMIT, VISITOR_WINDOW = 30, 3600


class Verdict(StrEnum):
    """Who seems to send a form."""

    PERSON = "person"
    MACHINE = "machine"
    HASTY = "hasty"
    CROWDED = "crowded"


@dataclass(frozen=True)
class Sender:
    """The one who sent a form, judged: as what, by which time token, and how long to wait where it is crowded."""

    verdict: Verdict
    token: FormTime
    wait_seconds: int = 0


@transaction.atomic
def judge_sender(page: SignupForm, *, token: str, fell_for_trap: bool, ip: str | None) -> Sender:
    """Judge who sent a form by its trap, its time token and where it came from.

    A machine is told what everybody is told. Who was only fast may be a person whose browser filled the form in,
    and is asked to press once more.
    """
    read = read_form_time(token, now=clock.now().timestamp())
    is_of_page = read.freshness == Freshness.STALE or read.about == page.id.bytes
    if fell_for_trap or read.freshness == Freshness.FORGED or not is_of_page:
        return Sender(Verdict.MACHINE, read)
    if read.freshness == Freshness.HASTY:
        return Sender(Verdict.HASTY, read)
    key = ("signup_visitor", ip or "")
    if not take(key, VISITOR_LIMIT, VISITOR_WINDOW):
        return Sender(Verdict.CROWDED, read, seconds_left(key))
    return Sender(Verdict.PERSON, read)


@transaction.atomic
def take_request(
    page: SignupForm,
    token: FormTime,
    *,
    email: str,
    given_name: str,
    boxes: Sequence[SignupFormTopic],
    number: str = "",
    text_boxes: Sequence[SignupFormTopic] = (),
    evidence: Evidence,
) -> bool:
    """Keep what a person sent, once for each time token; False where the page must be asked for anew.

    `boxes` are those ticked for letters to `email`, `text_boxes` those for texts to `number`.

    A second click waits for the first and finds what it made.
    """
    if token.freshness != Freshness.STALE and use_form_time(token):
        signup = None
        if boxes:
            signup = request_signup(
                page, email=email, given_name=given_name, boxes=boxes, signup_id=token.made_id, evidence=evidence
            )
        if text_boxes:
            request_texts(
                page,
                number=number,
                boxes=text_boxes,
                given_name=given_name,
                signup=signup,
                request_id=token.made_id,
                evidence=evidence,
            )
        return True
    return _was_taken(token.made_id, email, number)


def _was_taken(made_id: UUID, email: str, number: str) -> bool:
    if Signup.objects.filter(id=made_id, email=email).exists():
        return True
    return bool(number) and TextSignup.objects.filter(id=made_id, number=number).exists()
