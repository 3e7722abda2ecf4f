"""One person's walk through a sequence, paused and gone on with; the others walk on."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import Enrollment, Sequence
from campaigns.services.enrollments import STEPS_QUEUE
from campaigns.services.paused_letters import release_letters_of_walk
from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import Conflict
from ecosystem.models import Membership
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act


@transaction.atomic
def pause_walk(walk: Enrollment, *, actor: Membership | None = None) -> Enrollment:
    """Let one person rest on their way: no further letter of it leaves, not even one that waits to be sent.

    What is handed over already may still arrive. Paused twice, it rests since the first time. Raises Conflict where the
    walk is over.
    """
    walk = _locked(walk)
    if walk.paused_at is not None:
        return walk
    walk.paused_at = clock_now()
    walk.save(update_fields=["paused_at", "updated_at"])
    record_act("walk_paused", actor=actor, subject=walk.contact, sequence=walk.sequence.name)
    return walk


@transaction.atomic
def resume_walk(walk: Enrollment, *, actor: Membership | None = None) -> Enrollment:
    """Let one person walk on: a letter that was held goes, and every wait is longer by the pause.

    So nobody gets at once what they would have got in all that time. As long as the whole sequence is paused they wait
    with the others, and what it does with its own pause holds for them as well. A walk that rests no more stays as it
    is. Raises Conflict where the walk is over.
    """
    walk = _locked(walk)
    if walk.paused_at is None:
        return walk
    # From the pause of the whole sequence on the time is that one's: whoever ends it says what becomes of it.
    whole = walk.sequence.paused_at if walk.sequence.state == Sequence.State.PAUSED else None
    until = min(clock_now(), whole) if whole else clock_now()
    walk.due_at += max(until - walk.paused_at, timedelta())
    walk.paused_at = None
    walk.save(update_fields=["due_at", "paused_at", "updated_at"])
    release_letters_of_walk(walk)
    record_act("walk_resumed", actor=actor, subject=walk.contact, sequence=walk.sequence.name)
    note_work(STEPS_QUEUE, walk.due_at)
    return walk


def _locked(walk: Enrollment) -> Enrollment:
    """The walk as it stands now, held behind its sequence: whoever lets that one run again takes them in this order."""
    sequence = Sequence.objects.select_for_update(no_key=True).get(id=walk.sequence_id)
    kept = Enrollment.objects.select_related("contact").select_for_update(of=("self",), no_key=True).get(id=walk.id)
    kept.sequence = sequence
    if kept.state != Enrollment.State.ACTIVE:
        raise Conflict("walk_over", _("They are not on the way any more."))
    return kept
