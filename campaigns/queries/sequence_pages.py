"""Reads what the pages of sequences show: the line of steps with its numbers, and who is inside."""

from collections import defaultdict
from collections.abc import Sequence as Many
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaigns.models import Enrollment, Sequence, SequenceVersion, Step
from campaigns.queries.eligibility import REASONS
from ecosystem.base.errors import NotFound
from ecosystem.base.keyset import Page, keyset_page
from ecosystem.models import Tally

UNITS = {"minutes": 60, "hours": 3_600, "days": 86_400, "weeks": 604_800}
# Why a letter was not sent, as it stands behind a number; the rule's own reasons have their sentences in eligibility.
SKIP_WORDS = {
    **REASONS,
    "no_address": _("No email address"),
    "left": _("They left"),
    "left_sequence": _("They left the sequence"),
    "unsubscribed": _("They left"),
    "other_address": _("Their address has changed since"),
    "sequence_ended": _("The sequence was put away"),
    "too_late": _("It would have come too late"),
    "contact_gone": _("The person is gone"),
    "deleted": _("The person was deleted"),
    "template_error": _("The letter could not be made for them"),
}


@dataclass(frozen=True)
class SequenceRow:
    """A sequence in the list, with how many came in and how many walk it now."""

    sequence: Sequence
    entered: int
    inside: int


@dataclass
class StepFigures:
    """What became of one letter, or who waits at one step."""

    here: int = 0
    sent: int = 0
    clicked: int = 0
    failed: int = 0
    unknown: int = 0
    skipped: dict[str, int] = field(default_factory=dict)

    @property
    def skipped_total(self) -> int:
        """How many did not get it, for whatever reason."""
        return sum(self.skipped.values())

    @property
    def read_on_percent(self) -> int:
        """Of a hundred who got it, how many opened what it offered."""
        return round(100 * self.clicked / self.sent) if self.sent else 0


@dataclass(frozen=True)
class StepNode:
    """One step as the page draws it; `fault` says why the sequence cannot start with it."""

    step: Step
    figures: StepFigures
    skipped: list[tuple[int, str]]
    fault: str = ""

    @property
    def wait(self) -> str:
        """How long it waits, in words."""
        return wait_words(self.step.wait_seconds)


@dataclass(frozen=True)
class SequencePage:
    """One sequence with the steps that are being edited (or run, where nothing was changed since)."""

    sequence: Sequence
    version: SequenceVersion
    nodes: list[StepNode]
    entered: int
    completed: int
    left: int
    has_unpublished_changes: bool

    @property
    def inside(self) -> int:
        """How many walk it now."""
        return self.entered - self.completed - self.left

    @property
    def letters(self) -> int:
        """How many letters it has."""
        return sum(1 for node in self.nodes if node.step.kind == Step.Kind.SEND)

    def node(self, step_key: UUID | None) -> StepNode | None:
        """The step that was chosen, if it is still there."""
        return next((node for node in self.nodes if node.step.step_key == step_key), None)


def get_sequence(sequence_id: UUID) -> Sequence:
    """One sequence with its topic, or NotFound."""
    found = Sequence.objects.select_related("topic").filter(id=sequence_id).first()
    if found is None:
        raise NotFound("sequence_not_found", _("There is no such sequence."))
    return found


def get_step(version: SequenceVersion, step_key: UUID) -> Step:
    """One step of a version, or NotFound."""
    found = version.steps.select_related("content").filter(step_key=step_key).first()
    if found is None:
        raise NotFound("step_not_found", _("There is no such step. Somebody may have removed it."))
    return found


def get_enrollment(enrollment_id: UUID) -> Enrollment:
    """One walk with its person and its sequence, or NotFound."""
    found = Enrollment.objects.select_related("contact", "sequence").filter(id=enrollment_id).first()
    if found is None:
        raise NotFound("enrollment_not_found", _("There is nobody on this way."))
    return found


def list_sequences() -> list[SequenceRow]:
    """Every sequence that was not put away, newest first."""
    kept = Sequence.objects.exclude(state=Sequence.State.ARCHIVED).select_related("topic").order_by("-id")[:200]
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for name, key, amount in _tallies("sequence.", "", "~"):
        sums[key]["entered" if name == "sequence.entered" else "gone"] += amount
    return [
        SequenceRow(row, sums[str(row.id)]["entered"], sums[str(row.id)]["entered"] - sums[str(row.id)]["gone"])
        for row in kept
    ]


def sequence_page(sequence: Sequence) -> SequencePage:
    """The steps of a sequence with their numbers, in three statements whatever their count."""
    version = sequence.versions.order_by("-number")[0]
    figures: dict[UUID, StepFigures] = defaultdict(StepFigures)
    totals: dict[str, int] = defaultdict(int)
    for name, key, amount in _tallies("s", str(sequence.id), f"{sequence.id};"):
        if name.startswith("sequence."):
            totals[name.partition(":")[0]] += amount
        else:
            _add(figures[UUID(key.partition(":")[2])], name.removeprefix("step."), amount)
    steps = version.steps.select_related("content").order_by("position")
    return SequencePage(
        sequence=sequence,
        version=version,
        nodes=[_node(step, figures[step.step_key]) for step in steps],
        entered=totals["sequence.entered"],
        completed=totals["sequence.completed"],
        left=totals["sequence.left"],
        has_unpublished_changes=version.published_at is None and sequence.live_version is not None,
    )


def people_inside(sequence: Sequence, *, cursor: str | None, limit: int = 50) -> Page[Enrollment]:
    """Everybody who walks or walked a sequence, newest first."""
    walks = Enrollment.objects.filter(sequence=sequence).select_related("contact")
    return keyset_page(walks, order=("-id",), cursor=cursor, limit=limit)


def running_sequences() -> list[Sequence]:
    """Sequences that somebody can be put on."""
    return list(Sequence.objects.filter(state=Sequence.State.LIVE).order_by("-id")[:50])


def walks_of(contact_id: UUID) -> list[Enrollment]:
    """The newest walks of a person."""
    return list(Enrollment.objects.filter(contact=contact_id).select_related("sequence").order_by("-id")[:5])


def skip_lines(figures: StepFigures) -> list[tuple[int, str]]:
    """How many were skipped for which reason in words, the most frequent first."""
    lines: dict[str, int] = defaultdict(int)
    for reason, number in figures.skipped.items():
        lines[str(SKIP_WORDS.get(reason, _("Could not be sent")))] += number
    return sorted(((number, words.rstrip(".")) for words, number in lines.items()), reverse=True)


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


def _node(step: Step, figures: StepFigures) -> StepNode:
    fault = ""
    if step.kind == Step.Kind.SEND and step.content is not None:
        if not step.content.subject.strip():
            fault = str(_("This letter has no subject yet."))
        elif not step.content.body.strip():
            fault = str(_("This letter has no words yet."))
    return StepNode(step=step, figures=figures, skipped=skip_lines(figures), fault=fault)


def _tallies(first_name: str, first_key: str, beyond_key: str) -> Many[tuple[str, str, int]]:
    """Sums of counts whose names begin with a word and whose keys lie in a range."""
    found = Tally.objects.filter(name__gte=first_name, name__lt=f"{first_name}~")
    found = found.filter(key__gte=first_key, key__lt=beyond_key).values("name", "key").annotate(total=Sum("amount"))
    return [(row["name"], row["key"], int(row["total"])) for row in found.order_by()]


def _add(figures: StepFigures, name: str, amount: int) -> None:
    name, _colon, reason = name.partition(":")
    if name == "skipped":
        figures.skipped[reason] = figures.skipped.get(reason, 0) + amount
    elif name in ("here", "sent", "clicked", "failed", "unknown"):
        setattr(figures, name, getattr(figures, name) + amount)
