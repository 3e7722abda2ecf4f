"""Sequences with their numbers in one flat row each, as programs read them."""

from collections.abc import Sequence as Many
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from campaigns.models import Sequence
from campaigns.queries.sequences import (
    SequenceNumbers,
    StepNumbers,
    find_published,
    numbers_of,
    sequence_numbers,
    steps_with_numbers,
)


@dataclass(frozen=True)
class StepShape:
    """One step and what came of it."""

    step_key: UUID
    position: int
    kind: str
    subject: str
    wait_seconds: int
    here: int
    sent: int
    clicked: int
    failed: int
    unknown: int
    skipped: int


@dataclass(frozen=True)
class SequenceShape:
    """One sequence and what came of it; steps only where one sequence is asked for."""

    id: UUID
    name: str
    topic_id: UUID
    trigger: str
    state: str
    live_since: datetime | None
    live_version: int | None
    entered: int
    on_the_way: int
    completed: int
    left: int
    sent: int
    clicked: int
    skipped: int
    unknown: int
    steps: tuple[StepShape, ...] = ()


def sequence_shapes(found: Many[Sequence]) -> list[SequenceShape]:
    """Sequences with their numbers, in one statement for all."""
    return [_shape(numbers) for numbers in numbers_of(found)]


def sequence_shape(sequence: Sequence) -> SequenceShape:
    """One sequence with its numbers and its published steps; before publishing, those being written."""
    steps = steps_with_numbers(sequence, find_published(sequence))
    return _shape(sequence_numbers(sequence), tuple(_step(step) for step in steps))


def _shape(numbers: SequenceNumbers, steps: tuple[StepShape, ...] = ()) -> SequenceShape:
    sequence = numbers.sequence
    return SequenceShape(
        id=sequence.id,
        name=sequence.name,
        topic_id=sequence.topic_id,
        trigger=sequence.trigger,
        state=sequence.state,
        live_since=sequence.live_since,
        live_version=sequence.live_version,
        entered=numbers.entered,
        on_the_way=numbers.on_the_way,
        completed=numbers.completed,
        left=numbers.left,
        sent=numbers.sent,
        clicked=numbers.clicked,
        skipped=numbers.skipped,
        unknown=numbers.unknown,
        steps=steps,
    )


def _step(numbers: StepNumbers) -> StepShape:
    step = numbers.step
    letter = step.content_version or step.content
    return StepShape(
        step_key=step.step_key,
        position=step.position,
        kind=step.kind,
        subject=(letter.subject or letter.text_body[:60]) if letter else "",
        wait_seconds=step.wait_seconds,
        here=numbers.here,
        sent=numbers.sent,
        clicked=numbers.clicked,
        failed=numbers.failed,
        unknown=numbers.unknown,
        skipped=numbers.skipped,
    )
