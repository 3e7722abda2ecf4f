"""The letters that went out, or will."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import Message
from campaigns.queries.api_rows import ORDER, message_row, message_rows
from contacts.models import Channel
from ecosystem.base.access import Action
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, example, page_of
from ecosystem.scopes import Scope


@example(
    {
        "id": "0199f3a2-f720-7b96-b95e-0a7c4d3f2baa",
        "contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
        "sequence_id": "0199f3a2-c4f7-7e63-8e2a-7d4f1a0c9e77",
        "enrollment_id": "0199f3a2-e61d-7a85-a84d-9f6b3c2e1a99",
        "step_key": "0199f3a2-d50a-7f74-9b3c-8e5a2b1d0f88",
        "topic_id": "0199f3a2-6a10-7e20-9f41-0a2b4c6d8e66",
        "message_class": "marketing",
        "channel": "email",
        "address": "ana@example.com",
        "subject": "Day one: flour and water",
        "state": "accepted",
        "reason": "",
        "due_at": "2026-02-03T16:20:00Z",
        "accepted_at": "2026-02-03T16:20:04Z",
        "clicked_at": None,
        "created_at": "2026-02-03T16:20:00Z",
    }
)
class MessageOut(Out):
    """A letter to one address and what became of it."""

    id = serializers.UUIDField()
    contact_id = serializers.UUIDField(allow_null=True)
    sequence_id = serializers.UUIDField(allow_null=True)
    enrollment_id = serializers.UUIDField(allow_null=True)
    step_key = serializers.UUIDField(allow_null=True)
    topic_id = serializers.UUIDField(allow_null=True)
    message_class = serializers.ChoiceField(choices=Message.MessageClass.choices)
    channel = serializers.ChoiceField(choices=Channel.choices)
    address = serializers.CharField(source="address_shown", help_text="Empty where who made the key may not see it.")
    subject = serializers.CharField(allow_null=True, help_text="As written; null for letters of the house itself.")
    state = serializers.ChoiceField(choices=Message.State.choices, source="state_now")
    reason = serializers.CharField(help_text="Why it was skipped, called off or failed.")
    due_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    clicked_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class MessageFilters(Paging):
    """Which letters."""

    contact = serializers.UUIDField(required=False)
    sequence = serializers.UUIDField(required=False)
    state = serializers.ChoiceField(choices=Message.State.choices, required=False)


class MessageListView(ApiView):
    """Letters."""

    scopes = {"get": Scope.MESSAGES_READ}

    @extend_schema(
        operation_id="message_list", parameters=[MessageFilters], responses=page_of(MessageOut), tags=["Letters"]
    )
    def get(self, request: Request) -> Response:
        """The letters to your people, the newest first; of one person, one sequence, in one state."""
        asked = self.asked(MessageFilters)
        names = {"contact": "contact_id", "sequence": "sequence_id", "state": "state"}
        wanted: dict[str, Any] = {column: asked[name] for name, column in names.items() if name in asked}
        rows = message_rows(with_addresses=self.sees(Action.SEE_ADDRESSES), **wanted)
        return answer_page(request, rows, MessageOut, order=ORDER, paging=asked)


class MessageView(ApiView):
    """One letter."""

    scopes = {"get": Scope.MESSAGES_READ}

    @extend_schema(operation_id="message_read", responses=MessageOut, tags=["Letters"])
    def get(self, request: Request, message_id: UUID) -> Response:
        """One letter and what became of it."""
        self.asked(In)
        return answer(MessageOut, message_row(message_id, with_addresses=self.sees(Action.SEE_ADDRESSES)))
