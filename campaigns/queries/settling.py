"""How far a business has come with asking people and writing to them."""

from dataclasses import dataclass

from django.db.models import Exists

from campaigns.models import Sequence, SignupForm
from ecosystem.models import BusinessProfile


@dataclass(frozen=True)
class Beginnings:
    """Whether an opt-in page is up, and whether a sequence ever went live."""

    has_opt_in_page: bool
    has_live_sequence: bool


def beginnings() -> Beginnings:
    """Both answers for the current business, in one statement."""
    pages = SignupForm.objects.filter(published_at__isnull=False, archived_at=None)
    live = Sequence.objects.filter(live_version__isnull=False)
    found = BusinessProfile.objects.annotate(page=Exists(pages), live=Exists(live)).values_list("page", "live").get()
    return Beginnings(*found)
