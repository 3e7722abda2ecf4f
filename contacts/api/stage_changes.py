"""The moves of a person on the ladder."""

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Stage, StageChange
from contacts.queries.contacts import get_contact
from contacts.queries.interactions import get_interaction
from contacts.queries.stage_changes import ORDER, get_stage_change, stage_change_rows
from contacts.services.stages import change_stage, undo_stage_change
from ecosystem.base.clock import now
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, example, page_of
from ecosystem.scopes import Scope


@example(
    {
        "id": "0199f3a2-91b0-7c11-8b1c-5d0f5a7e2c31",
        "contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
        "from_stage": "prospect",
        "to_stage": "client",
        "actor_kind": "api",
        "reason": "First order in the shop",
        "evidence_id": None,
        "undoes_id": None,
        "occurred_at": "2026-02-03T16:20:00Z",
    }
)
class StageChangeOut(Out):
    """A move of a person on the ladder."""

    id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    from_stage = serializers.CharField(help_text="Empty for the first rung, and where they stood beside the ladder.")
    to_stage = serializers.CharField(help_text="Empty where a move took them off the ladder again.")
    actor_kind = serializers.ChoiceField(choices=StageChange.Actor.choices)
    reason = serializers.CharField()
    evidence_id = serializers.UUIDField(allow_null=True, help_text="The interaction that shows why.")
    undoes_id = serializers.UUIDField(allow_null=True, help_text="The move that this one takes back.")
    occurred_at = serializers.DateTimeField()


@example({"to_stage": "client", "reason": "First order in the shop"})
class StageChangeIn(In):
    """Where a person is to stand, and why."""

    to_stage = serializers.ChoiceField(choices=Stage.choices)
    reason = serializers.CharField(max_length=200)
    evidence_id = serializers.UUIDField(required=False, allow_null=True, help_text="A line of this person's timeline.")


class StageChangeListView(ApiView):
    """Where a person stood, and since when they stand where they stand."""

    scopes = {"get": Scope.CONTACTS_READ, "post": Scope.STAGES_WRITE}

    @extend_schema(
        operation_id="stage_change_list", parameters=[Paging], responses=page_of(StageChangeOut), tags=["The ladder"]
    )
    def get(self, request: Request, contact_id: UUID) -> Response:
        """The moves of a person on the ladder, the newest first."""
        asked = self.asked(Paging)
        rows = stage_change_rows(get_contact(contact_id))
        return answer_page(request, rows, StageChangeOut, order=ORDER, paging=asked)

    @extend_schema(
        operation_id="stage_change_add",
        request=StageChangeIn,
        responses={201: StageChangeOut, 204: OpenApiResponse(description="They stand there already.")},
        tags=["The ladder"],
    )
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Put a person on another rung, and say why. Where they stand there already, nothing happens: 204."""
        contact, given = get_contact(contact_id), self.read(StageChangeIn)
        evidence = given.get("evidence_id")
        change = change_stage(
            contact,
            given["to_stage"],
            actor=self.member,
            actor_kind=StageChange.Actor.API,
            reason=given["reason"],
            evidence_id=get_interaction(contact, evidence).pk if evidence else None,
            now=now(),
        )
        return answer(StageChangeOut, change, status=201) if change else Response(status=204)


class StageChangeUndoView(ApiView):
    """Taking a move back."""

    scopes = {"post": Scope.STAGES_WRITE}

    @extend_schema(
        operation_id="stage_change_undo",
        request=None,
        responses={201: StageChangeOut, 204: OpenApiResponse(description="It was taken back before.")},
        tags=["The ladder"],
    )
    def post(self, request: Request, contact_id: UUID, change_id: UUID) -> Response:
        """Take a move back: the person stands where they stood. Where they moved on since it is a 409."""
        move = get_stage_change(get_contact(contact_id), change_id)
        change = undo_stage_change(move, actor=self.member, now=now())
        return answer(StageChangeOut, change, status=201) if change else Response(status=204)
