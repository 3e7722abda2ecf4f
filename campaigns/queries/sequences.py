"""Sequences as their pages show them: the steps with their numbers, all from kept counts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Message, Sequence, SequenceVersion, Step
from campaigns.queries.eligibility import sentence_of
from campaigns.queries.paused_walks import paused_count
from campaigns.queries.pressure import measure_of, promise_of
from campaigns.queries.quiet_beside import quiet_rule
from contacts.models import Channel, Stage
from ecosystem.base.errors import NotFound
from ecosystem.models import Tally
from ecosystem.queries.kinds import kind_settings

MOST_SHOWN = 200
# Why a letter that was to take the place of another one was called off.
ARRIVED_AFTER_ALL = "arrived_after_all"
_SKIPPED, _LEFT = "step.skipped:", "sequence.left:"

# Why a letter was skipped, where it is the engine's reason and not one of permission.
_SENTENCES: dict[str, Promise] = {
    "too_late": _("Its time was over before it could be sent."),
    "dropped_after_absence": _("It was due while we were away, and somebody dropped it."),
    "no_address": _("No email address is known."),
    "same_number": _("Somebody else who has this number got the text."),
    "left_sequence": _("They left this sequence before the letter went out."),
    "sequence_ended": _("The sequence was put away."),
    "template_error": _("The letter could not be put together for this person."),
    "business_closed": _("The business is closed."),
    "confirmed_already": _("They had confirmed already."),
    "had_enough": _("They have had as many letters as your rule allows."),
    "promise_kept": _("They have had as many letters of this topic as you promised."),
    "their_rhythm": _("They asked to hear from you less often."),
    "quiet_hours": _("It is quiet time where they are."),
    ARRIVED_AFTER_ALL: _("The first one arrived after all."),
    "no_common_hour": _("Nobody knows what time it is where they are. Note their time zone on their page."),
}


@dataclass(frozen=True)
class Reason:
    """How many were skipped, or left, for one reason."""

    code: str
    sentence: str | Promise
    people: int


@dataclass(frozen=True)
class HeldNumber:
    """How many letters were held back by a rule, a promise or a rhythm people asked for; in words where it is one."""

    code: str
    people: int
    words: str


@dataclass(frozen=True)
class StepNumbers:
    """One step with what came of it: who stands here now, what was sent, clicked, skipped and why."""

    step: Step
    here: int
    sent: int
    clicked: int
    opened: int
    failed: int
    unknown: int
    skipped: int
    reasons: tuple[Reason, ...]
    held: tuple[HeldNumber, ...] = ()
    delayed: int = 0

    @property
    def held_back(self) -> int:
        """How many letters of it were moved because their reader had had enough."""
        return sum(number.people for number in self.held)


@dataclass(frozen=True)
class SequenceNumbers:
    """A sequence with its people: who came in, who is on the way, through, or left and why; and its letters."""

    sequence: Sequence
    entered: int
    on_the_way: int
    completed: int
    left: int
    left_reasons: tuple[Reason, ...]
    sent: int
    clicked: int
    skipped: int
    unknown: int


def get_sequence(sequence_id: UUID) -> Sequence:
    """A sequence of this business; NotFound for anybody else's."""
    sequence = Sequence.objects.select_related("topic").filter(id=sequence_id).first()
    if sequence is None:
        raise NotFound("sequence_not_found", _("There is no such sequence."))
    return sequence


def get_step(sequence: Sequence, step_key: UUID) -> Step:
    """A step of a sequence, as it stands in its newest version; NotFound where no version has it."""
    steps = Step.objects.filter(version_of__sequence=sequence, step_key=step_key)
    step = steps.order_by("-version_of__number").first()
    if step is None:
        raise NotFound("step_not_found", _("There is no such step. Somebody may have removed it."))
    return step


def sequences() -> QuerySet[Sequence]:
    """Every sequence, for lists that page by key."""
    return Sequence.objects.all()


def sequence_rows() -> list[SequenceNumbers]:
    """Every sequence with its numbers, running ones first, then the newest; two statements."""
    order = {Sequence.State.LIVE: 0, Sequence.State.PAUSED: 1, Sequence.State.DRAFT: 2, Sequence.State.ARCHIVED: 3}
    found = list(Sequence.objects.select_related("topic").order_by("-id")[:MOST_SHOWN])
    sums = _sums("")
    return [_numbers(one, sums) for one in sorted(found, key=lambda one: order[Sequence.State(one.state)])]


def numbers_of(found: Iterable[Sequence]) -> list[SequenceNumbers]:
    """Some sequences with their numbers, in the order given; one statement."""
    sums = _sums("")
    return [_numbers(one, sums) for one in found]


def sequence_numbers(sequence: Sequence) -> SequenceNumbers:
    """One sequence with its numbers."""
    return _numbers(sequence, _sums(str(sequence.id)))


def rungs() -> list[tuple[str, str]]:
    """The rungs at which people may leave a sequence, as the business calls them."""
    labels = {setting.kind: setting.label for setting in kind_settings() if setting.is_on}
    return [(key, labels[key]) for key in Stage.values[1:] if key in labels]


def find_draft(sequence: Sequence) -> SequenceVersion | None:
    """The version that is being written, or None while all that was written is published."""
    return sequence.versions.filter(published_at__isnull=True).order_by("-number").first()


def find_published(sequence: Sequence) -> SequenceVersion | None:
    """The version that new people walk, or None while nothing was published."""
    if sequence.live_version is None:
        return None
    return sequence.versions.filter(number=sequence.live_version).first()


def find_shown(sequence: Sequence) -> SequenceVersion | None:
    """The version that its page shows: the draft, or else the published one; None where there is neither.

    Beside it stand how many people are paused one by one (`paused_beside`) and the quiet hours (`quiet_beside`).
    """
    shown = sequence.versions.filter(Q(published_at=None) | Q(number=sequence.live_version))
    shown = shown.annotate(people_paused=paused_count(sequence), quiet_rule=quiet_rule())
    return shown.order_by(F("published_at").desc(nulls_first=True), "-number").first()


def shown_with_numbers(sequence: Sequence, shown: SequenceVersion | None) -> tuple[SequenceNumbers, list[StepNumbers]]:
    """A sequence and the steps of a version of it, with the numbers of both, in two statements."""
    sums = _sums(str(sequence.id))
    steps = shown.steps.select_related("content", "content_version").order_by("position") if shown else []
    return _numbers(sequence, sums), [_step_numbers(sequence, step, sums) for step in steps]


def steps_with_numbers(sequence: Sequence, version: SequenceVersion | None = None) -> list[StepNumbers]:
    """The steps of a version (without one: of the draft, or else of the published one) with their numbers.

    Numbers belong to the step's key and so go on through all versions. Three statements at most.
    """
    shown = version or find_draft(sequence) or find_published(sequence)
    if shown is None:
        return []
    steps = shown.steps.select_related("content", "content_version").order_by("position")
    sums = _sums(str(sequence.id))
    return [_step_numbers(sequence, step, sums) for step in steps]


def _numbers(sequence: Sequence, sums: Mapping[tuple[str, str], int]) -> SequenceNumbers:
    key = str(sequence.id)
    entered, completed = sums.get(("sequence.entered", key), 0), sums.get(("sequence.completed", key), 0)
    left = tuple(
        Reason(name.removeprefix(_LEFT), left_sentence(name.removeprefix(_LEFT)), people)
        for (name, of), people in sorted(sums.items())
        if name.startswith(_LEFT) and of == key
    )
    letters = {
        name: sum(people for (of, step), people in sums.items() if of.startswith(name) and step.startswith(f"{key}:"))
        for name in ("step.sent", "step.clicked", _SKIPPED, "step.unknown")
    }
    gone = sum(reason.people for reason in left)
    return SequenceNumbers(
        sequence=sequence,
        entered=entered,
        on_the_way=max(0, entered - completed - gone),
        completed=completed,
        left=gone,
        left_reasons=left,
        sent=letters["step.sent"],
        clicked=letters["step.clicked"],
        skipped=letters[_SKIPPED],
        unknown=letters["step.unknown"],
    )


def _step_numbers(sequence: Sequence, step: Step, sums: Mapping[tuple[str, str], int]) -> StepNumbers:
    key = f"{sequence.id}:{step.step_key}"
    reasons = tuple(
        Reason(name.removeprefix(_SKIPPED), skip_sentence(name.removeprefix(_SKIPPED)), people)
        for (name, of), people in sorted(sums.items(), key=lambda item: -item[1])
        if name.startswith(_SKIPPED) and of == key
    )
    return StepNumbers(
        step=step,
        here=sums.get(("step.here", key), 0),
        sent=sums.get(("step.sent", key), 0),
        clicked=sums.get(("step.clicked", key), 0),
        opened=sums.get(("step.opened", key), 0),
        failed=sums.get(("step.failed", key), 0),
        unknown=sums.get(("step.unknown", key), 0),
        skipped=sum(reason.people for reason in reasons),
        reasons=reasons,
        held=_held_numbers(sequence, key, sums),
        delayed=sums.get(("step.delayed", key), 0),
    )


def _held_numbers(sequence: Sequence, key: str, sums: Mapping[tuple[str, str], int]) -> tuple[HeldNumber, ...]:
    """Those that were held back, each with the measure that counts now."""
    measures: dict[str, Callable[[], str]] = {
        "promise": lambda: promise_of(sequence.topic).words,
        "rule": lambda: measure_of(Channel.EMAIL).words,
        "rhythm": str,
    }
    return tuple(
        HeldNumber(code, people, measure())
        for code, measure in measures.items()
        if (people := sums.get((f"step.held:{code}", key), 0))
    )


def skip_sentence(code: str) -> str | Promise:
    """Why a letter was skipped, in words."""
    return _SENTENCES.get(code) or sentence_of(code)


def failed_sentence(message: Message) -> str | Promise:
    """Why a message did not get through, in words; with what its receiver or provider said, where it said anything."""
    words: dict[str, Promise] = {
        Message.State.BOUNCED: _("The address does not exist."),
        Message.State.PARKED: _("Making it brought our program down again and again, so it was set aside."),
        Message.State.LOST: _("Nobody knew whether it arrived, and it was given up."),
        Message.State.FAILED: _("It was refused."),
    }
    # What was given up or set aside keeps why, in a word of ours that nobody said.
    own_words = (Message.State.LOST, Message.State.PARKED)
    said: str | Promise = "" if message.state in own_words else message.reason
    if said == "opted_out":
        said = _("They stopped texts at their provider.")
    sentence = words.get(message.state, _("Could not be sent."))
    return _("%(what)s Said: %(said)s") % {"what": sentence, "said": said} if said else sentence


def left_sentence(code: str) -> str | Promise:
    """Why somebody left a sequence, in words."""
    words: dict[str, Promise] = {
        "unsubscribed": _("They said stop."),
        "bounced": _("Their address does not exist."),
        "complained": _("They complained."),
        "manual": _("The team ended it."),
        "stage": _("They came to the rung where it ends."),
        "purchase": _("They bought something."),
        "reply": _("They answered."),
        "deleted": _("They were taken off the lists."),
        "erased": _("They asked to be forgotten."),
    }
    return words.get(code, _("They left."))


def _sums(sequence_id: str) -> dict[tuple[str, str], int]:
    """The kept counts of one sequence, or of all. Ranges, since only those use an index behind the wall."""
    names = Q(name__gte="sequence.", name__lt="sequence/") | Q(name__gte="step.", name__lt="step/")
    found = Tally.objects.filter(names)
    if sequence_id:
        found = found.filter(key__gte=sequence_id, key__lt=f"{sequence_id};")
    rows = found.values_list("name", "key").annotate(total=Sum("amount")).order_by()
    return {(name, key): int(total) for name, key, total in rows}
