"""Sequences: made, published, started, paused, resumed, put away."""

from collections.abc import Collection as Many
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.events import SequencePaused, SequencePublished, SequenceResumed, SequenceStarted
from campaigns.models import Sequence, SequenceVersion, Step
from campaigns.services.enrollments import STEPS_QUEUE, exit_enrollments
from campaigns.services.messages import cancel_open_messages
from campaigns.services.paused_letters import release_letters_of_sequence
from campaigns.services.rendering import compile_content
from campaigns.services.sequence_steps import draft_of, edit_draft
from campaigns.triggers import TRIGGERS
from contacts.models import Stage, Topic
from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import Conflict, Invalid
from ecosystem.base.events import publish
from ecosystem.base.ids import uuid7
from ecosystem.base.sql import execute
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import Membership
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act
from ecosystem.services.once import made_before

# Whoever rests by themselves waits longer by their own pause once they walk on: here for the time before it alone.
_SHIFT = """
UPDATE campaigns_enrollment SET due_at = due_at + greatest(coalesce(paused_at, %(now)s) - %(paused_at)s, interval '0')
 WHERE business_id = %(business_id)s AND sequence_id = %(sequence_id)s AND state = 'active'"""


@transaction.atomic
def create_sequence(
    *,
    name: str,
    topic: Topic,
    trigger: str = "said_yes",
    until_stage: str = "",
    ends_on: Many[str] = (),
    sequence_id: UUID | None = None,
    actor: Membership | None = None,
) -> Sequence:
    """Begin a sequence with an empty draft, for a topic whose yes every letter of it needs.

    `until_stage` names the rung at which people leave it, `ends_on` what they do that ends it. `sequence_id` is the id
    it will have: the same one again (a second click) returns the first.
    """
    _check(name, topic, trigger, until_stage, ends_on)
    if standing := made_before(Sequence, sequence_id):
        return standing
    sequence = Sequence.objects.create(
        id=sequence_id or uuid7(), name=name.strip(), topic=topic, trigger=trigger, until_stage=until_stage,
        ends_on=sorted(ends_on),
    )  # fmt: skip
    SequenceVersion.objects.create(sequence=sequence, number=1)
    record_act("sequence_created", actor=actor, subject=sequence)
    return sequence


@transaction.atomic
def update_sequence(
    sequence: Sequence,
    *,
    name: str,
    topic: Topic,
    trigger: str,
    until_stage: str = "",
    ends_on: Many[str] = (),
    actor: Membership | None = None,
    seen_version: int | None = None,
) -> Sequence:
    """Change name, topic, trigger, or what makes people leave.

    The topic stays once people walk here: their yes was for that one.
    """
    _check(name, topic, trigger, until_stage, ends_on)
    edit_draft(sequence, seen_version)
    kept = Sequence.objects.get(id=sequence.id)
    if kept.topic_id != topic.id and kept.live_version is not None:
        raise Conflict("topic_is_fixed", _("People said yes to this topic. For another one, make another sequence."))
    kept.name, kept.topic, kept.trigger, kept.until_stage = name.strip(), topic, trigger, until_stage
    kept.ends_on = sorted(ends_on)
    kept.save(update_fields=["name", "topic", "trigger", "until_stage", "ends_on", "updated_at"])
    record_act("sequence_changed", actor=actor, subject=kept)
    return kept


@transaction.atomic
def publish_sequence(sequence: Sequence, *, actor: Membership | None = None) -> SequenceVersion:
    """Compile every letter and make the draft the version that new people walk; who walks already finishes theirs.

    Published again without a change, the version stays the same. Raises Invalid with one plain sentence where a letter
    cannot be sent as it is. Publishes SequencePublished.
    """
    sequence = Sequence.objects.select_for_update().select_related("topic").get(id=sequence.id)
    if sequence.state == Sequence.State.ARCHIVED:
        raise Conflict("sequence_archived", _("This sequence was put away. It cannot be changed."))
    draft = draft_of(sequence)
    steps = list(draft.steps.select_related("content").order_by("position"))
    _check_steps(sequence, steps)
    for step in steps:
        if step.kind == Step.Kind.SEND:
            _compile(step, sequence.topic, actor)
    live = sequence.versions.filter(number=sequence.live_version).first() if sequence.live_version else None
    if live is not None and _shape(live) == _shape(draft):
        draft.delete()
        return live
    draft.published_at = clock_now()
    draft.published_by = actor
    draft.save(update_fields=["published_at", "published_by", "updated_at"])
    sequence.live_version = draft.number
    sequence.save(update_fields=["live_version", "updated_at"])
    record_act("sequence_published", actor=actor, subject=sequence, number=draft.number)
    publish(SequencePublished(business_id=current_business_id(), sequence_id=sequence.id, number=draft.number))
    return draft


@transaction.atomic
def start_sequence(sequence: Sequence, *, actor: Membership | None = None) -> Sequence:
    """Let a sequence run, publishing it first if it never was. A second click finds it running and changes nothing.

    Publishes SequenceStarted.
    """
    sequence = Sequence.objects.select_for_update().get(id=sequence.id)
    if sequence.state == Sequence.State.LIVE:
        return sequence
    if sequence.state == Sequence.State.PAUSED:
        return resume_sequence(sequence, actor=actor)
    if sequence.state == Sequence.State.ARCHIVED:
        raise Conflict("sequence_archived", _("This sequence was put away. It cannot be started."))
    if sequence.live_version is None:
        publish_sequence(sequence, actor=actor)
        sequence.refresh_from_db()
    sequence.state = Sequence.State.LIVE
    sequence.live_since = clock_now()
    sequence.save(update_fields=["state", "live_since", "updated_at"])
    record_act("sequence_started", actor=actor, subject=sequence)
    publish(SequenceStarted(business_id=current_business_id(), sequence_id=sequence.id))
    note_work(STEPS_QUEUE)
    return sequence


@transaction.atomic
def pause_sequence(sequence: Sequence, *, actor: Membership | None = None) -> Sequence:
    """Let a running sequence rest: nobody takes a step, and what waits to be sent waits. Publishes SequencePaused."""
    sequence = Sequence.objects.select_for_update().get(id=sequence.id)
    if sequence.state == Sequence.State.PAUSED:
        return sequence
    if sequence.state != Sequence.State.LIVE:
        raise Conflict("sequence_not_running", _("This sequence does not run, so it cannot be paused."))
    sequence.state = Sequence.State.PAUSED
    sequence.paused_at = clock_now()
    sequence.save(update_fields=["state", "paused_at", "updated_at"])
    record_act("sequence_paused", actor=actor, subject=sequence)
    publish(SequencePaused(business_id=current_business_id(), sequence_id=sequence.id))
    return sequence


@transaction.atomic
def resume_sequence(sequence: Sequence, *, late: str = "now", actor: Membership | None = None) -> Sequence:
    """Let a paused sequence run again: what fell due meanwhile goes `now`, or all waits `shift` by the pause.

    Publishes SequenceResumed.
    """
    if late not in ("now", "shift"):
        raise Invalid(
            "late_unknown", _("Choose whether late letters go now or wait as long as the pause was."), field="late"
        )
    sequence = Sequence.objects.select_for_update().get(id=sequence.id)
    if sequence.state == Sequence.State.LIVE:
        return sequence
    if sequence.state != Sequence.State.PAUSED:
        raise Conflict("sequence_not_paused", _("This sequence is not paused."))
    if late == "shift" and sequence.paused_at is not None:
        execute(_SHIFT, {"sequence_id": sequence.id, "now": clock_now(), "paused_at": sequence.paused_at})
    release_letters_of_sequence(sequence)
    sequence.state = Sequence.State.LIVE
    sequence.paused_at = None
    sequence.save(update_fields=["state", "paused_at", "updated_at"])
    record_act("sequence_resumed", actor=actor, subject=sequence, late=late)
    publish(SequenceResumed(business_id=current_business_id(), sequence_id=sequence.id))
    note_work(STEPS_QUEUE)
    return sequence


@transaction.atomic
def archive_sequence(sequence: Sequence, *, actor: Membership | None = None) -> Sequence:
    """Put a sequence away: whoever walks it leaves, and what waits to be sent is called off. Twice changes nothing."""
    sequence = Sequence.objects.select_for_update().get(id=sequence.id)
    if sequence.state == Sequence.State.ARCHIVED:
        return sequence
    sequence.state = Sequence.State.ARCHIVED
    sequence.save(update_fields=["state", "updated_at"])
    exit_enrollments(sequence_id=sequence.id, reason="manual")
    cancel_open_messages(sequence_id=sequence.id, reason="sequence_ended")
    record_act("sequence_archived", actor=actor, subject=sequence)
    return sequence


def _check(name: str, topic: Topic, trigger: str, until_stage: str, ends_on: Many[str]) -> None:
    if not name.strip():
        raise Invalid("name_missing", _("Give the sequence a name."), field="name")
    if topic.archived_at is not None:
        raise Invalid("topic_archived", _("This topic was put away. Choose another one."), field="topic")
    if trigger not in TRIGGERS:
        raise Invalid("trigger_unknown", _("Choose when the sequence starts for somebody."), field="trigger")
    if until_stage not in ("", *Stage.values):
        raise Invalid("stage_unknown", _("Choose a rung of the ladder."), field="until_stage")
    if not set(ends_on) <= set(Sequence.EndsOn.values):
        raise Invalid("deed_unknown", _("Choose what ends the sequence."), field="ends_on")


def _check_steps(sequence: Sequence, steps: list[Step]) -> None:
    if not any(step.kind == Step.Kind.SEND for step in steps):
        raise Invalid("no_letter", _("This sequence has no letter yet. Add one, then start it."))
    if sequence.topic.archived_at is not None:
        raise Invalid("topic_archived", _("This topic was put away. Choose another one."), field="topic")


def _compile(step: Step, topic: Topic, actor: Membership | None) -> None:
    if step.content is None:
        raise Invalid("letter_missing", _("Step %(number)s has no letter. Choose one.") % {"number": step.position + 1})
    try:
        step.content_version = compile_content(step.content, topic=topic, made_by=actor)
    except Invalid as error:
        words = {"name": step.content.name, "problem": error.message}
        raise Invalid(error.code, _("“%(name)s”: %(problem)s") % words, field=error.field) from error
    step.save(update_fields=["content_version", "updated_at"])


def _shape(version: SequenceVersion) -> list[tuple[UUID, int, str, UUID | None, int]]:
    """What a version does, to see whether another one does the same."""
    columns = ("step_key", "position", "kind", "content_version_id", "wait_seconds")
    return list(version.steps.order_by("position").values_list(*columns))
