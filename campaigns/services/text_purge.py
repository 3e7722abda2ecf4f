"""Forgetting numbers that never said YES: the number and the proof go, the hash in the ledger stays."""

from datetime import datetime

from campaigns.models import Message, TextSignup
from contacts.models import Consent, ConsentEvidence

SLICE = 500


def purge_unconfirmed_numbers(*, before: datetime) -> int:
    """Delete a slice of the numbers that were typed before a moment and never confirmed; how many."""
    old = TextSignup.objects.filter(state=TextSignup.State.REQUESTED, created_at__lte=before)
    gone = list(old.order_by("created_at").values_list("id", "number_hash")[:SLICE])
    if not gone:
        return 0
    ids = [asked_id for asked_id, _hash in gone]
    asked = Consent.objects.filter(address_hash__in={hashed for _id, hashed in gone}, request_id__in=ids)
    ConsentEvidence.objects.filter(consent__in=list(asked.values_list("id", flat=True))).delete()
    Message.objects.filter(idem_key__in=[f"o:text:{asked_id}" for asked_id in ids]).update(address="", merge={})
    TextSignup.objects.filter(id__in=ids).delete()
    return len(ids)
