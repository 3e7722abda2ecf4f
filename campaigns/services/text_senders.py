"""Saying who a business is in texts."""

from dataclasses import dataclass

from django.db import transaction

from campaigns.models import TextSender
from ecosystem.base.addresses import normalise_phone
from ecosystem.base.errors import Invalid
from ecosystem.models import BusinessProfile, Membership
from ecosystem.services.audit import record_act


@dataclass(frozen=True)
class SenderWords:
    """What a business says of itself in texts; empty where it says nothing."""

    brand: str = ""
    number: str = ""
    help_line: str = ""
    terms_url: str = ""
    privacy_url: str = ""


@transaction.atomic
def keep_text_sender(words: SenderWords, *, actor: Membership | None = None) -> TextSender:
    """Keep who speaks in texts. Raises Invalid, with the field, for a number that is none."""
    country = BusinessProfile.objects.values_list("country", flat=True).get()
    try:
        number = normalise_phone(words.number, country) if words.number.strip() else ""
    except Invalid as problem:
        raise Invalid(problem.code, problem.message, field="number") from problem
    kept = TextSender.objects.select_for_update(no_key=True).first() or TextSender()
    for name, value in {**vars(words), "number": number}.items():
        setattr(kept, name, value.strip())
    kept.save()
    record_act("text_sender_changed", actor=actor, subject=kept)
    return kept
