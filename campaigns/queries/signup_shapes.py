"""Opt-in pages with their boxes and numbers in one flat row each, as programs read them."""

from collections import defaultdict
from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from campaigns.models import SignupForm, SignupFormTopic
from campaigns.queries.signups import ASKED, CONFIRMED, SHOWN, Missing, missing_for_publishing
from ecosystem.queries.businesses import get_profile
from ecosystem.queries.tallies import tallies


@dataclass(frozen=True)
class SignupFormShape:
    """One opt-in page: its words, its boxes in their order, what came of it, what it still lacks."""

    form: SignupForm
    boxes: tuple[SignupFormTopic, ...]
    shown: int
    asked: int
    confirmed: int
    missing: tuple[Missing, ...]


def signup_forms(*, is_live: bool | None = None) -> QuerySet[SignupForm, Any]:
    """The opt-in pages, to be paged by id: all, those that people may use now, or the others."""
    forms = SignupForm.objects.all()
    if is_live is None:
        return forms
    live = {"published_at__isnull": False, "archived_at__isnull": True}
    return forms.filter(**live) if is_live else forms.exclude(**live)


def signup_form_shapes(forms: Many[SignupForm]) -> list[SignupFormShape]:
    """Opt-in pages as they are told; three statements for all."""
    found = SignupFormTopic.objects.filter(form__in=[form.id for form in forms], topic__archived_at__isnull=True)
    boxes: dict[UUID, list[SignupFormTopic]] = defaultdict(list)
    for box in found.order_by("position", "id"):
        boxes[box.form_id].append(box)
    profile, sums = get_profile(), tallies((SHOWN, ASKED, CONFIRMED))
    return [
        SignupFormShape(
            form,
            tuple(boxes[form.id]),
            shown=sums.get((SHOWN, form.id.hex), 0),
            asked=sums.get((ASKED, form.id.hex), 0),
            confirmed=sums.get((CONFIRMED, form.id.hex), 0),
            missing=tuple(missing_for_publishing(form, profile, boxes[form.id])),
        )
        for form in forms
    ]
