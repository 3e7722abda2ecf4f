"""What is to be done next, for one person and for everybody."""

from datetime import date
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import NextStep
from contacts.queries.contacts import get_contact
from contacts.queries.next_steps import ORDER, get_next_step, open_step_rows, steps_of
from contacts.services.contacts import hold_contact
from contacts.services.next_steps import (
    close_next_step,
    open_version,
    put_off_next_step,
    reopen_next_step,
    set_next_step,
)
from ecosystem.base.clock import now
from ecosystem.queries.memberships import get_membership
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, example, page_of
from ecosystem.scopes import Scope

CALL = {"what": "Call about the wedding cake", "due_on": "2026-12-01", "assignee_id": None}


@example(
    {
        "id": "0199f3a2-c193-7286-8faa-8e7c3b6a1d65",
        "contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
        **CALL,
        "outcome": "",
        "closed_at": None,
        "created_at": "2026-01-31T09:00:00Z",
        "version": 1,
    }
)
class NextStepOut(Out):
    """One thing to do for a person, on a day of the business."""

    id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    what = serializers.CharField()
    due_on = serializers.DateField()
    assignee_id = serializers.UUIDField(allow_null=True, help_text="Who of the team does it; null: whoever has time.")
    outcome = serializers.ChoiceField(choices=NextStep.Outcome.choices, allow_blank=True, help_text="Empty while open.")
    closed_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    version = serializers.IntegerField()


@example(CALL)
class NextStepIn(In):
    """What is to be done next, and when."""

    what = serializers.CharField(max_length=200)
    due_on = serializers.DateField()
    assignee_id = serializers.UUIDField(required=False, allow_null=True)
    version = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=2**31 - 1,
        help_text="The version of the open step that you read, 0 for none: another one is a 409.",
    )


@example({"outcome": "done"})
class NextStepChange(In):
    """What became of a step: another day, done, dropped, or (empty) open again."""

    due_on = serializers.DateField(required=False)
    outcome = serializers.ChoiceField(choices=NextStep.Outcome.choices, required=False, allow_blank=True)

    def validate(self, attrs: Any) -> Any:
        """One change at a time."""
        if len(attrs) != 1:
            raise serializers.ValidationError({"outcome": ["Send due_on or outcome, one of them."]})
        return attrs


class NextStepFilters(Paging):
    """Whose steps."""

    assignee = serializers.UUIDField(required=False, help_text="Who of the team does them.")


class OpenNextStepListView(ApiView):
    """Everything that is to be done."""

    scopes = {"get": Scope.NEXT_STEPS_READ}

    @extend_schema(
        operation_id="next_step_open_list",
        parameters=[NextStepFilters],
        responses=page_of(NextStepOut),
        tags=["Next steps"],
    )
    def get(self, request: Request) -> Response:
        """Everything that is to be done for anybody, the longest due first; of one of the team."""
        asked = self.asked(NextStepFilters)
        rows = open_step_rows(assignee_id=asked.get("assignee"))
        return answer_page(request, rows, NextStepOut, order=ORDER, paging=asked)


class NextStepListView(ApiView):
    """The steps of a person."""

    scopes = {"get": Scope.NEXT_STEPS_READ, "post": Scope.NEXT_STEPS_WRITE}

    @extend_schema(
        operation_id="next_step_list", parameters=[Paging], responses=page_of(NextStepOut), tags=["Next steps"]
    )
    def get(self, request: Request, contact_id: UUID) -> Response:
        """What is to be done for a person, and what was, the newest first. One at most is open."""
        asked = self.asked(Paging)
        return answer_page(request, steps_of(get_contact(contact_id)), NextStepOut, order=("-id",), paging=asked)

    @extend_schema(operation_id="next_step_set", request=NextStepIn, responses={200: NextStepOut}, tags=["Next steps"])
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Write down what is to be done next for a person, in place of what was open."""
        contact, given = hold_contact(contact_id), self.read(NextStepIn)
        assignee_id, due_on = given.get("assignee_id"), given["due_on"]
        step = set_next_step(
            contact,
            what=given["what"],
            due_on=due_on if isinstance(due_on, date) else date.fromisoformat(due_on),
            assignee=get_membership(assignee_id) if assignee_id else None,
            version=given.get("version", open_version(contact)),
            now=now(),
        )
        return answer(NextStepOut, step)


class NextStepView(ApiView):
    """One step."""

    scopes = {"get": Scope.NEXT_STEPS_READ, "patch": Scope.NEXT_STEPS_WRITE}

    @extend_schema(operation_id="next_step_read", responses=NextStepOut, tags=["Next steps"])
    def get(self, request: Request, contact_id: UUID, step_id: UUID) -> Response:
        """One step, open or closed."""
        self.asked(In)
        return answer(NextStepOut, get_next_step(get_contact(contact_id), step_id))

    @extend_schema(operation_id="next_step_change", request=NextStepChange, responses=NextStepOut, tags=["Next steps"])
    def patch(self, request: Request, contact_id: UUID, step_id: UUID) -> Response:
        """Put a step off, say that it is done or not needed any more, or open it again."""
        contact, given = get_contact(contact_id), self.read(NextStepChange)
        step = get_next_step(contact, step_id)
        if "due_on" in given:
            put_off_next_step(step, given["due_on"])
        elif given["outcome"]:
            close_next_step(step, given["outcome"], actor=self.member, now=now())
        else:
            reopen_next_step(step)
        return answer(NextStepOut, get_next_step(contact, step_id))
