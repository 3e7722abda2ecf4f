"""What is to be done next for a person: written down, put off, done."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, NextStep
from contacts.services.interactions import NewInteraction, record_interactions
from ecosystem.base.errors import Conflict, Invalid, NotFound
from ecosystem.models import Membership

NONE_YET = 0


@transaction.atomic
def set_next_step(
    contact: Contact, *, what: str, due_on: date, assignee: Membership | None, version: int, now: datetime
) -> NextStep:
    """Write down what is to be done next for a person, in place of what was.

    `version` is that of the open step which was read (NONE_YET: there was none). Raises Conflict where somebody else
    has written one down or changed it since.
    """
    if not what.strip():
        raise Invalid("step_empty", _("Write what is to be done."), field="what")
    if not Contact.objects.select_for_update(no_key=True).filter(pk=contact.pk, deleted_at=None).exists():
        raise NotFound("contact_not_found", _("This person is not in your list. Somebody may have taken them off."))
    open_step = NextStep.objects.filter(contact=contact, closed_at=None).first()
    if (open_step.version if open_step else NONE_YET) != version:
        raise _changed(open_step)
    step = open_step or NextStep(contact=contact)
    step.what, step.due_on, step.assignee = what.strip(), due_on, assignee
    if open_step is None:
        step.save(force_insert=True)
        return step
    step.version += 1
    step.updated_at = now
    step.save(force_update=True)
    return step


def open_version(contact: Contact) -> int:
    """The version of a person's open step; NONE_YET where there is none."""
    found = NextStep.objects.filter(contact=contact, closed_at=None).values_list("version", flat=True).first()
    return found or NONE_YET


@transaction.atomic
def close_next_step(step: NextStep, outcome: str, *, actor: Membership | None, now: datetime) -> bool:
    """Say that a step is done, which the timeline tells, or not needed any more. False where it was closed before."""
    held = _hold(step)
    if held.closed_at is not None:
        return False
    held.closed_at, held.outcome = now, outcome
    held.version += 1
    held.save(force_update=True)
    if outcome == NextStep.Outcome.DONE:
        line = NewInteraction(
            contact_id=held.contact_id,
            kind="next_step_done",
            source="next_step",
            occurred_at=now,
            actor_id=actor.pk if actor else None,
            object_id=held.pk,
        )
        record_interactions([line])
    return True


@transaction.atomic
def reopen_next_step(step: NextStep) -> bool:
    """Take the closing of a step back. False where it is open; Conflict where another one was written down since."""
    Contact.objects.select_for_update(no_key=True).filter(pk=step.contact_id).values_list("pk").first()
    held = _hold(step)
    if held.closed_at is None:
        return False
    standing = NextStep.objects.filter(contact=held.contact_id, closed_at=None).first()
    if standing is not None:
        raise _changed(standing)
    held.closed_at, held.outcome = None, ""
    held.version += 1
    held.save(force_update=True)
    return True


@transaction.atomic
def put_off_next_step(step: NextStep, due_on: date) -> date:
    """Have a step wait until another day; answers the day on which it was due before."""
    held = _hold(step)
    if held.closed_at is not None:
        raise Conflict("step_closed", _("That step is closed already."), field="due_on")
    before = held.due_on
    if before != due_on:
        held.due_on = due_on
        held.version += 1
        held.save(force_update=True)
    return before


def _hold(step: NextStep) -> NextStep:
    return NextStep.objects.select_for_update(no_key=True).get(pk=step.pk)


def _changed(standing: NextStep | None) -> Conflict:
    if standing is None:
        return Conflict("step_changed", _("Somebody closed the next step meanwhile. Save again to set yours."))
    sentence = _("Meanwhile somebody wrote down “%(what)s”. Save again to put yours in its place.")
    return Conflict("step_changed", sentence % {"what": standing.what}, field="what")
