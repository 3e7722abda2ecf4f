"""Writing a sequence: the steps of its draft. What is published is never touched; editing it begins a new draft."""

from collections.abc import Callable
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from campaigns.models import Content, Sequence, SequenceVersion, Step
from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import Conflict, Invalid, LimitReached, NotFound

MOST_STEPS = 50
LONGEST_WAIT_SECONDS = 366 * 24 * 3600
OUT_OF_THE_WAY = 1_000


@transaction.atomic
def add_letter(
    sequence: Sequence, content: Content, *, position: int | None = None, seen_version: int | None = None
) -> Step:
    """Put a letter into the draft, at a place or at the end."""
    return _add(sequence, position, seen_version, kind=Step.Kind.SEND, content=content)


@transaction.atomic
def add_wait(sequence: Sequence, seconds: int, *, position: int | None = None, seen_version: int | None = None) -> Step:
    """Put a wait into the draft. It counts from the moment the letter before it was handed over."""
    return _add(sequence, position, seen_version, kind=Step.Kind.WAIT, wait_seconds=_checked_wait(seconds))


@transaction.atomic
def add_end(sequence: Sequence, *, seen_version: int | None = None) -> Step:
    """Put an end behind the last step: whoever gets there is through."""
    return _add(sequence, None, seen_version, kind=Step.Kind.END)


@transaction.atomic
def move_step(sequence: Sequence, step_key: UUID, position: int, *, seen_version: int | None = None) -> None:
    """Put a step of the draft at another place; the others close up."""

    def moved(steps: list[Step]) -> list[Step]:
        step = _find(steps, step_key)
        others = [other for other in steps if other.step_key != step_key]
        place = max(0, min(position, len(others)))
        return [*others[:place], step, *others[place:]]

    _rearrange(sequence, seen_version, moved)


@transaction.atomic
def remove_step(sequence: Sequence, step_key: UUID, *, seen_version: int | None = None) -> None:
    """Take a step out of the draft. Who stands at it in a published version finishes that version."""

    def without(steps: list[Step]) -> list[Step]:
        step = _find(steps, step_key)
        Step.objects.filter(id=step.id).delete()
        return [other for other in steps if other.step_key != step_key]

    _rearrange(sequence, seen_version, without)


@transaction.atomic
def change_wait(sequence: Sequence, step_key: UUID, seconds: int, *, seen_version: int | None = None) -> Step:
    """Make a wait of the draft longer or shorter."""
    wait_seconds = _checked_wait(seconds)
    draft = edit_draft(sequence, seen_version)
    step = _find(_steps_of(draft), step_key)
    if step.kind != Step.Kind.WAIT:
        raise Invalid("not_a_wait", _("Only a wait has a length."))
    step.wait_seconds = wait_seconds
    step.save(update_fields=["wait_seconds", "updated_at"])
    return step


@transaction.atomic
def change_letter(sequence: Sequence, step_key: UUID, content: Content, *, seen_version: int | None = None) -> Step:
    """Send another letter at a step of the draft."""
    draft = edit_draft(sequence, seen_version)
    step = _find(_steps_of(draft), step_key)
    if step.kind != Step.Kind.SEND:
        raise Invalid("not_a_letter", _("Only a letter step has a letter."))
    step.content = content
    step.save(update_fields=["content", "updated_at"])
    return step


def edit_draft(sequence: Sequence, seen_version: int | None = None) -> SequenceVersion:
    """The draft, locked for this transaction; begun from the published steps where there is none.

    Raises Conflict where `seen_version` is no longer the sequence's version: somebody else has edited it meanwhile.
    """
    kept = Sequence.objects.select_for_update().get(id=sequence.id)
    if seen_version is not None and kept.version != seen_version:
        raise Conflict(
            "sequence_edited", _("Somebody changed this sequence since you opened it. Look again, then edit.")
        )
    if kept.state == Sequence.State.ARCHIVED:
        raise Conflict("sequence_archived", _("This sequence was put away. It cannot be changed."))
    Sequence.objects.filter(id=kept.id).update(version=F("version") + 1, updated_at=clock_now())
    sequence.version = kept.version + 1
    return draft_of(kept)


def draft_of(sequence: Sequence) -> SequenceVersion:
    """The unpublished version, begun as a copy of the newest published one where there is none."""
    newest = sequence.versions.order_by("-number").first()
    if newest is not None and newest.published_at is None:
        return newest
    draft = SequenceVersion.objects.create(sequence=sequence, number=newest.number + 1 if newest else 1)
    if newest is not None:
        Step.objects.bulk_create(
            [
                Step(
                    version_of=draft,
                    step_key=step.step_key,
                    position=step.position,
                    kind=step.kind,
                    content_id=step.content_id,
                    wait_seconds=step.wait_seconds,
                )
                for step in _steps_of(newest)
            ]
        )
    return draft


def _add(sequence: Sequence, position: int | None, seen_version: int | None, **values: object) -> Step:
    draft = edit_draft(sequence, seen_version)
    steps = _steps_of(draft)
    if len(steps) >= MOST_STEPS:
        raise LimitReached("too_many_steps", _("A sequence has 50 steps at most. Begin a second one after it."))
    has_end = bool(steps) and steps[-1].kind == Step.Kind.END
    last = len(steps) - has_end
    if values["kind"] == Step.Kind.END and has_end:
        return steps[-1]
    place = last if position is None else max(0, min(position, last))
    step = Step(version_of=draft, step_key=uuid4(), position=OUT_OF_THE_WAY * 2, **values)
    step.save(force_insert=True)
    _number([*steps[:place], step, *steps[place:]])
    step.position = place
    return step


def _rearrange(sequence: Sequence, seen_version: int | None, change: Callable[[list[Step]], list[Step]]) -> None:
    steps = change(_steps_of(edit_draft(sequence, seen_version)))
    if any(step.kind == Step.Kind.END for step in steps[:-1]):
        raise Invalid("end_not_last", _("The end comes last."))
    _number(steps)


def _number(steps: list[Step]) -> None:
    """Give the steps their places. Twice, since two steps cannot stand at one place even for a moment."""
    for start in (OUT_OF_THE_WAY, 0):
        for position, step in enumerate(steps, start):
            step.position = position
        Step.objects.bulk_update(steps, ["position"])


def _steps_of(version: SequenceVersion) -> list[Step]:
    return list(version.steps.order_by("position"))


def _find(steps: list[Step], step_key: UUID) -> Step:
    for step in steps:
        if step.step_key == step_key:
            return step
    raise NotFound("step_not_found", _("There is no such step. Somebody may have removed it."))


def _checked_wait(seconds: int) -> int:
    if not 60 <= seconds <= LONGEST_WAIT_SECONDS:
        raise Invalid("wait_length", _("A wait lasts from one minute to a year."), field="wait")
    return seconds
