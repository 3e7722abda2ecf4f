"""The ledger of one person's permission, row by row."""

from typing import Any

from django.db.models import QuerySet

from contacts.models import Consent, ConsentState, Contact
from contacts.queries.merged import lines_of

ORDER = ("-id",)
SHOWN = (
    "id",
    "contact_id",
    "channel",
    "topic_id",
    "act",
    "basis",
    "wording",
    "source",
    "source_detail",
    "occurred_at",
    "created_at",
)

STATE = ("id", "channel", "topic_id", "state", "basis", "since", "expires_at", "consent_id")


def consent_rows(contact: Contact) -> QuerySet[Consent, Any]:
    """Every yes and no of a person, to be paged in ORDER."""
    return Consent.objects.filter(lines_of(contact)).values_list(*SHOWN, named=True)


def state_rows(contact: Contact) -> QuerySet[ConsentState, Any]:
    """What holds now for each channel and topic of a person, to be paged in ORDER."""
    return ConsentState.objects.filter(contact=contact).values_list(*STATE, named=True)
