"""Who in the team looks after whom."""

from uuid import UUID

from django.db.models import F

from contacts.models import Contact, NextStep
from ecosystem.base.clock import now


def hand_over(membership_id: UUID, *, to: UUID | None) -> int:
    """Give everybody whom a member looks after, deleted people too, to somebody else, or to nobody; how many.

    What the member was to do next for people goes the same way. Two statements, however many there are; no event for
    each of them.
    """
    steps = NextStep.objects.filter(assignee_id=membership_id, closed_at=None)
    steps.update(assignee_id=to, version=F("version") + 1, updated_at=now())
    people = Contact.objects.filter(owner_id=membership_id)
    return people.update(owner_id=to, version=F("version") + 1, updated_at=now())
