"""What is to be done next, for one person or for everybody, by the day on which it is due."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, NextStep
from ecosystem.base.errors import NotFound
from ecosystem.base.keyset import Page, keyset_page

PAGE_LENGTH = 50
ORDER = ("due_on", "id")


@dataclass(frozen=True)
class StepToDo:
    """An open step as lists and pages show it; `days_late` is 0 or less until its day has passed."""

    id: UUID
    contact_id: UUID
    name: str
    what: str
    due_on: date
    who: str
    assignee_id: UUID | None
    version: int
    days_late: int


def get_next_step(contact: Contact, step_id: UUID) -> NextStep:
    """A step of this person, open or closed; NotFound for every other id."""
    found = NextStep.objects.filter(pk=step_id, contact=contact).first()
    if found is None:
        raise NotFound("step_not_found", _("There is no such step."))
    return found


def find_open_step(contact: Contact) -> NextStep | None:
    """What is to be done next for a person, if anything."""
    return NextStep.objects.filter(contact=contact, closed_at=None).first()


def open_steps(*, assignee_id: UUID | None, cursor: str | None, today: date) -> tuple[list[StepToDo], Page[NextStep]]:
    """A page of open steps of live people, the longest due first: of one member, or (None) of everybody."""
    steps = open_step_rows(assignee_id=assignee_id).select_related("contact", "assignee__user")
    page = keyset_page(steps, order=ORDER, cursor=cursor, limit=PAGE_LENGTH)
    return [as_to_do(step, step.contact.display_name, today) for step in page.items], page


def open_step_rows(*, assignee_id: UUID | None) -> QuerySet[NextStep]:
    """The open steps of live people, of one member or of everybody, to be paged in ORDER."""
    steps = NextStep.objects.filter(closed_at=None, contact__deleted_at=None)
    return steps.filter(assignee=assignee_id) if assignee_id is not None else steps


def steps_of(contact: Contact) -> QuerySet[NextStep]:
    """The steps of a person, open and closed."""
    return NextStep.objects.filter(contact=contact)


def as_to_do(step: NextStep, name: str, today: date) -> StepToDo:
    """A step, as it is shown on a day."""
    return StepToDo(
        id=step.pk,
        contact_id=step.contact_id,
        name=name,
        what=step.what,
        due_on=step.due_on,
        who=str(step.assignee.user) if step.assignee else "",
        assignee_id=step.assignee_id,
        version=step.version,
        days_late=(today - step.due_on).days,
    )
