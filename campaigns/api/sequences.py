"""Sequences with their numbers."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import Sequence, Step
from campaigns.queries.sequence_shapes import SequenceShape, sequence_shape, sequence_shapes
from campaigns.queries.sequences import get_sequence, sequences
from campaigns.services.sequences import pause_sequence, resume_sequence, start_sequence
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, example, page_of
from ecosystem.scopes import Scope

SOURDOUGH = {
    "id": "0199f3a2-c4f7-7e63-8e2a-7d4f1a0c9e77",
    "name": "Keep your starter alive",
    "topic_id": "0199f3a2-6a10-7e20-9f41-0a2b4c6d8e66",
    "trigger": "said_yes",
    "state": "live",
    "live_since": "2026-01-10T08:00:00Z",
    "live_version": 1,
    "entered": 128,
    "on_the_way": 41,
    "completed": 80,
    "left": 7,
    "sent": 402,
    "clicked": 133,
    "skipped": 9,
    "unknown": 0,
}


@example(SOURDOUGH)
class SequenceOut(Out):
    """A sequence with its numbers."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    topic_id = serializers.UUIDField(help_text="Every letter needs a yes to this topic.")
    trigger = serializers.CharField(help_text="What starts it for a person.")
    state = serializers.ChoiceField(choices=Sequence.State.choices)
    live_since = serializers.DateTimeField(allow_null=True)
    live_version = serializers.IntegerField(allow_null=True)
    entered = serializers.IntegerField()
    on_the_way = serializers.IntegerField()
    completed = serializers.IntegerField()
    left = serializers.IntegerField()
    sent = serializers.IntegerField()
    clicked = serializers.IntegerField()
    skipped = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="Letters of which nobody knows whether they arrived.")


class StepOut(Out):
    """A step and what came of it."""

    step_key = serializers.UUIDField()
    position = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Step.Kind.choices)
    subject = serializers.CharField(help_text="Of the letter; empty for a wait.")
    wait_seconds = serializers.IntegerField()
    here = serializers.IntegerField(help_text="How many people stand at this step now.")
    sent = serializers.IntegerField()
    clicked = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField()
    skipped = serializers.IntegerField()


@example(
    SOURDOUGH
    | {
        "steps": [
            {
                "step_key": "0199f3a2-d50a-7f74-9b3c-8e5a2b1d0f88",
                "position": 0,
                "kind": "send",
                "subject": "Day one: flour and water",
                "wait_seconds": 0,
                "here": 2,
                "sent": 126,
                "clicked": 60,
                "failed": 0,
                "unknown": 0,
                "skipped": 2,
            }
        ]
    }
)
class SequenceWithStepsOut(SequenceOut):
    """A sequence with its numbers, step by step."""

    steps = StepOut(many=True)


class SequenceListView(ApiView):
    """Sequences."""

    scopes = {"get": Scope.SEQUENCES_READ}

    @extend_schema(
        operation_id="sequence_list", parameters=[Paging], responses=page_of(SequenceOut), tags=["Sequences"]
    )
    def get(self, request: Request) -> Response:
        """Your sequences with their numbers, the newest first."""
        return answer_page(request, sequences(), _shown, order=("-id",), paging=self.asked(Paging))


class SequenceView(ApiView):
    """One sequence."""

    scopes = {"get": Scope.SEQUENCES_READ}

    @extend_schema(operation_id="sequence_read", responses=SequenceWithStepsOut, tags=["Sequences"])
    def get(self, request: Request, sequence_id: UUID) -> Response:
        """One sequence with its numbers, step by step as it is published (or, before that, as it is written)."""
        self.asked(In)
        return answer(SequenceWithStepsOut, sequence_shape(get_sequence(sequence_id)))


class SequenceStartView(ApiView):
    """Letting one run."""

    scopes = {"post": Scope.SEQUENCES_WRITE}

    @extend_schema(operation_id="sequence_start", request=None, responses={200: SequenceOut}, tags=["Sequences"])
    def post(self, request: Request, sequence_id: UUID) -> Response:
        """Let a sequence run as it is written. One that runs already goes on as it did.

        A 400 names what it lacks; one that was put away is a 409.
        """
        return answer(SequenceOut, sequence_shape(start_sequence(get_sequence(sequence_id), actor=self.member)))


class SequencePauseView(ApiView):
    """Letting one rest."""

    scopes = {"post": Scope.SEQUENCES_WRITE}

    @extend_schema(operation_id="sequence_pause", request=None, responses={200: SequenceOut}, tags=["Sequences"])
    def post(self, request: Request, sequence_id: UUID) -> Response:
        """Let a running sequence rest: nobody takes a step of it, and what waits to be sent waits."""
        return answer(SequenceOut, sequence_shape(pause_sequence(get_sequence(sequence_id), actor=self.member)))


@example({"late": "shift"})
class ResumeIn(In):
    """What is to become of the letters that fell due meanwhile."""

    late = serializers.ChoiceField(
        choices=[("now", "now"), ("shift", "shift")],
        required=False,
        default="now",
        help_text="now: they go at once; shift: everybody's waits are longer by the pause.",
    )


class SequenceResumeView(ApiView):
    """Letting one run again."""

    scopes = {"post": Scope.SEQUENCES_WRITE}

    @extend_schema(operation_id="sequence_resume", request=ResumeIn, responses={200: SequenceOut}, tags=["Sequences"])
    def post(self, request: Request, sequence_id: UUID) -> Response:
        """Let a paused sequence run again."""
        late = self.read(ResumeIn)["late"]
        resumed = resume_sequence(get_sequence(sequence_id), late=late, actor=self.member)
        return answer(SequenceOut, sequence_shape(resumed))


def _shown(found: list[Sequence]) -> list[dict[str, object]]:
    shapes: list[SequenceShape] = sequence_shapes(found)
    return list(SequenceOut(shapes, many=True).data)
