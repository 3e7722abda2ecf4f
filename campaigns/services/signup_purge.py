"""Forgetting who never confirmed: the address, the machine and the letter go, the hash in the ledger stays."""

from datetime import datetime, timedelta

from campaigns.models import Message, Signup
from campaigns.services.text_purge import purge_unconfirmed_numbers
from contacts.models import Consent, ConsentEvidence
from ecosystem.base.tenancy import business_scope

PURGE_QUEUE = "signups.purge"
KEEP_UNCONFIRMED = timedelta(days=30)
SLICE = 500


def work_purge(business_id: int, now: datetime) -> datetime | None:
    """Purge one slice of a business and say when the next is due; None while nobody waits for a confirmation."""
    with business_scope(business_id):
        purge_unconfirmed_numbers(before=now - KEEP_UNCONFIRMED)
        purge_unconfirmed(now=now)
        waiting = Signup.objects.filter(state=Signup.State.REQUESTED).order_by("created_at")
        oldest = waiting.values_list("created_at", flat=True).first()
        return None if oldest is None else oldest + KEEP_UNCONFIRMED


def purge_unconfirmed(*, now: datetime) -> int:
    """Delete a slice of the submissions that nobody confirmed in 30 days, and what tells of their address.

    Says how many. Of each the ledger keeps that a hash was asked.
    """
    old = Signup.objects.filter(state=Signup.State.REQUESTED, created_at__lte=now - KEEP_UNCONFIRMED)
    gone = list(old.order_by("created_at").values_list("id", "address_hash")[:SLICE])
    if not gone:
        return 0
    ids = [signup_id for signup_id, _hash in gone]
    asked = Consent.objects.filter(address_hash__in={hashed for _id, hashed in gone}, request_id__in=ids)
    ConsentEvidence.objects.filter(consent__in=list(asked.values_list("id", flat=True))).delete()
    Message.objects.filter(idem_key__in=[f"o:{signup_id}" for signup_id in ids]).update(address="", merge={})
    Signup.objects.filter(id__in=ids).delete()
    return len(ids)
