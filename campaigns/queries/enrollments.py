"""Walks through sequences, read: of one person, and of those who stand at one step."""

from collections.abc import Sequence as Many
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Enrollment, Sequence, Step
from campaigns.queries.sequences import left_sentence
from contacts.models import Contact
from ecosystem.base.errors import NotFound


@dataclass(frozen=True)
class WalkRow:
    """A walk in a list, with the letter that comes next; empty where none does."""

    walk: Enrollment
    next_letter: str

    @property
    def why_left(self) -> str | Promise:
        """Why they left before the end, in words; empty for those who did not."""
        return left_sentence(self.walk.exit_reason) if self.walk.state == Enrollment.State.EXITED else ""


def get_enrollment(enrollment_id: UUID) -> Enrollment:
    """A walk of this business; NotFound for anybody else's."""
    found = Enrollment.objects.select_related("sequence", "contact").filter(id=enrollment_id).first()
    if found is None:
        raise NotFound("enrollment_not_found", _("There is no such walk."))
    return found


def enrollments() -> QuerySet[Enrollment]:
    """Every walk, for lists that page by key."""
    return Enrollment.objects.select_related("sequence", "contact")


def enrollments_of_contact(contact: Contact) -> QuerySet[Enrollment]:
    """The sequences a person walks or walked, the newest first."""
    return enrollments().filter(contact=contact).order_by("-id")


def as_rows(walks: Many[Enrollment]) -> list[WalkRow]:
    """Walks with the letter that each comes to next, in the version it walks; one statement."""
    versions = {walk.version_of_id for walk in walks if walk.state == Enrollment.State.ACTIVE}
    letters = (
        Step.objects.filter(version_of__in=versions, kind=Step.Kind.SEND)
        .order_by("position")
        .values_list("version_of_id", "position", "content__name")
        if versions
        else []
    )
    found = list(letters)

    def next_of(walk: Enrollment) -> str:
        if walk.state != Enrollment.State.ACTIVE:
            return ""
        names = (name for version, at, name in found if version == walk.version_of_id and at >= walk.position)
        return next(names, "")

    return [WalkRow(walk, next_of(walk)) for walk in walks]


def people_at_step(sequence: Sequence, step_key: UUID) -> QuerySet[Enrollment]:
    """Who stands at a step now, whichever version they walk."""
    places = Step.objects.filter(version_of__sequence=sequence, step_key=step_key).values_list(
        "version_of_id", "position"
    )
    here = Q(pk__in=[])
    for version_id, position in places:
        here |= Q(version_of_id=version_id, position=position)
    return enrollments().filter(here, sequence=sequence, state=Enrollment.State.ACTIVE)
