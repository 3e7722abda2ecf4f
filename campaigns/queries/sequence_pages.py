"""What the pages of sequences show: the line of steps as drawn, and the words for waits and faults."""

from collections.abc import Sequence as Many
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Sequence, Step
from campaigns.queries.paused_walks import PausedPeople, paused_beside
from campaigns.queries.quiet_beside import quiet_beside
from campaigns.queries.sequences import (
    SequenceNumbers,
    StepNumbers,
    find_shown,
    shown_with_numbers,
)

UNITS = {"minutes": 60, "hours": 3_600, "days": 86_400, "weeks": 604_800}


@dataclass(frozen=True)
class StepNode:
    """One step as the page draws it; `fault` says why the sequence cannot run with it."""

    numbers: StepNumbers

    @property
    def step(self) -> Step:
        """The step itself."""
        return self.numbers.step

    @property
    def wait(self) -> str:
        """How long it waits, in words."""
        return wait_words(self.step.wait_seconds)

    @property
    def read_on_percent(self) -> int:
        """Of a hundred who got the letter, how many opened what it offers."""
        return round(100 * self.numbers.clicked / self.numbers.sent) if self.numbers.sent else 0

    @property
    def fault(self) -> str:
        """What keeps the letter from being sent, as far as one look shows."""
        if self.step.kind != Step.Kind.SEND or self.step.content is None:
            return ""
        if self.step.content.is_text:
            return "" if self.step.content.text_body.strip() else _("This text has no words yet.")
        if not self.step.content.subject.strip():
            return _("This letter has no subject yet.")
        return "" if self.step.content.body.strip() else _("This letter has no words yet.")


@dataclass(frozen=True)
class SequencePage:
    """One sequence with the steps that are being edited (or run, where nothing was changed since)."""

    numbers: SequenceNumbers
    nodes: Many[StepNode]
    has_unpublished_changes: bool
    paused: PausedPeople
    quiet: str

    @property
    def letters(self) -> int:
        """How many letters it has."""
        return sum(1 for node in self.nodes if node.step.kind == Step.Kind.SEND)

    def node(self, step_key: UUID | None) -> StepNode | None:
        """The step that was chosen, if it is still there."""
        return next((node for node in self.nodes if node.step.step_key == step_key), None)


def sequence_page(sequence: Sequence) -> SequencePage:
    """A sequence as its page draws it, in a fixed number of statements whatever its length."""
    shown = find_shown(sequence)
    numbers, steps = shown_with_numbers(sequence, shown)
    is_draft = shown is not None and shown.published_at is None
    return SequencePage(
        numbers=numbers,
        nodes=[StepNode(step) for step in steps],
        has_unpublished_changes=is_draft and sequence.live_version is not None,
        paused=paused_beside(shown),
        quiet=quiet_beside(shown),
    )


def running_sequences() -> list[Sequence]:
    """Sequences that somebody can be put on."""
    return list(Sequence.objects.filter(state=Sequence.State.LIVE).order_by("-id")[:50])


def wait_words(seconds: int) -> str:
    """`2 days`, `3 hours`: a wait in the largest unit that it is a whole number of."""
    number, unit = split_wait(seconds)
    words = {
        "minutes": ngettext("%(n)s minute", "%(n)s minutes", number),
        "hours": ngettext("%(n)s hour", "%(n)s hours", number),
        "days": ngettext("%(n)s day", "%(n)s days", number),
        "weeks": ngettext("%(n)s week", "%(n)s weeks", number),
    }
    return words[unit] % {"n": number}


def split_wait(seconds: int) -> tuple[int, str]:
    """A wait in the largest unit that it is a whole number of."""
    for unit in ("weeks", "days", "hours"):
        if seconds and seconds % UNITS[unit] == 0:
            return seconds // UNITS[unit], unit
    return max(1, seconds // 60), "minutes"
