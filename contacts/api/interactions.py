"""What happened between the business and a person."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Channel, Interaction
from contacts.queries.contacts import get_contact
from contacts.queries.interactions import ORDER, interaction_rows
from contacts.queries.timeline import kinds_hidden
from contacts.services.program_interactions import PROGRAM_KINDS, tell_interaction
from ecosystem.base.access import Action
from ecosystem.base.clock import now
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, example, page_of
from ecosystem.scopes import Scope

MOST_MINOR = 10**12


@example(
    {
        "id": "0199f3a2-a6d2-7f04-b7b0-1c9c2f5d7a44",
        "contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
        "kind": "purchase",
        "channel": "in_person",
        "direction": "in",
        "occurred_at": "2026-02-03T16:20:00Z",
        "source": "api:till",
        "external_id": "receipt-20417",
        "value_minor": 1850,
        "currency": "EUR",
        "note": "Two rye loaves",
        "created_at": "2026-02-03T16:20:02Z",
    }
)
class InteractionOut(Out):
    """A line of a person's timeline."""

    id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    kind = serializers.CharField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    direction = serializers.ChoiceField(choices=Interaction.Direction.choices)
    occurred_at = serializers.DateTimeField()
    source = serializers.CharField(help_text="Who told of it; programs stand as `api:` and the name they gave.")
    external_id = serializers.CharField(allow_null=True)
    value_minor = serializers.IntegerField(allow_null=True, help_text="In the smallest coin of the currency.")
    currency = serializers.CharField()
    note = serializers.CharField(
        allow_null=True, help_text="Null where nothing was written, or who made the key may not read it."
    )
    created_at = serializers.DateTimeField()


@example(
    {
        "kind": "purchase",
        "channel": "in_person",
        "occurred_at": "2026-02-03T16:20:00Z",
        "source": "till",
        "external_id": "receipt-20417",
        "value_minor": 1850,
        "currency": "EUR",
        "note": "Two rye loaves",
    }
)
class InteractionIn(In):
    """What happened with a person."""

    kind = serializers.ChoiceField(choices=[(kind, kind) for kind in PROGRAM_KINDS])
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    direction = serializers.ChoiceField(choices=Interaction.Direction.choices, required=False)
    occurred_at = serializers.DateTimeField()
    source = serializers.RegexField(r"\A[a-z0-9][a-z0-9_-]*\Z", max_length=24, help_text="Your program, such as till.")
    external_id = serializers.CharField(
        required=False, max_length=120, help_text="Your own id of it: sent again, nothing is written twice."
    )
    value_minor = serializers.IntegerField(required=False, min_value=-MOST_MINOR, max_value=MOST_MINOR)
    currency = serializers.RegexField(r"\A[A-Z]{3}\Z", required=False)
    note = serializers.CharField(required=False, allow_blank=True, max_length=4_000)


class InteractionListView(ApiView):
    """A person's timeline."""

    scopes = {"get": Scope.INTERACTIONS_READ, "post": Scope.INTERACTIONS_WRITE}

    @extend_schema(
        operation_id="interaction_list", parameters=[Paging], responses=page_of(InteractionOut), tags=["Timeline"]
    )
    def get(self, request: Request, contact_id: UUID) -> Response:
        """Everything that happened with a person that the maker of the key may see, the latest first."""
        asked = self.asked(Paging)
        rows = interaction_rows(
            get_contact(contact_id), with_words=self.sees(Action.SEE_NOTES), hidden=kinds_hidden(self.sees)
        )
        return answer_page(request, rows, InteractionOut, order=ORDER, paging=asked)

    @extend_schema(
        operation_id="interaction_add",
        request=InteractionIn,
        responses={200: InteractionOut, 201: InteractionOut},
        tags=["Timeline"],
    )
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Tell of a call, a visit or a purchase. The same source and external_id again is a 200 with the first one."""
        contact = get_contact(contact_id)
        line, is_new = tell_interaction(contact, now=now(), **self.read(InteractionIn))
        row = interaction_rows(contact).get(pk=line.pk)
        return answer(InteractionOut, row, status=201 if is_new else 200)
