"""What a person said yes and no to, with the proof of it."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Act, Basis, Channel, ConsentState, Contact
from contacts.queries.consent_rows import ORDER, consent_rows, state_rows
from contacts.queries.contacts import get_contact
from contacts.queries.topics import get_open_topic, get_topic
from contacts.services.consent import withdraw_consent
from contacts.services.program_consents import PROGRAM, keep_program_yes
from ecosystem.base.clock import now
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, example, page_of
from ecosystem.scopes import Scope

CHANNELS = [(channel.value, channel.label) for channel in (Channel.EMAIL, Channel.SMS, Channel.PHONE, Channel.POST)]


@example(
    {
        "id": "0199f3a2-b8e1-7b52-a1d7-6c3e0f9b8d55",
        "contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
        "channel": "email",
        "topic_id": "0199f3a2-6a10-7e20-9f41-0a2b4c6d8e66",
        "act": "granted",
        "basis": "express",
        "wording": "Yes, send me what is in season, two letters a month.",
        "source": "api",
        "source_detail": "Form on example.com/recipes",
        "occurred_at": "2026-01-31T09:00:00Z",
        "created_at": "2026-01-31T09:00:05Z",
    }
)
class ConsentOut(Out):
    """A yes or no, as it was said."""

    id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    topic_id = serializers.UUIDField(allow_null=True, help_text="Null: a no to everything on the channel.")
    act = serializers.ChoiceField(choices=Act.choices)
    basis = serializers.ChoiceField(choices=Basis.choices, allow_blank=True)
    wording = serializers.CharField()
    source = serializers.CharField()
    source_detail = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()


@example(
    {
        "says": "yes",
        "channel": "email",
        "topic_id": "0199f3a2-6a10-7e20-9f41-0a2b4c6d8e66",
        "source": "Form on example.com/recipes",
        "occurred_at": "2026-01-31T09:00:00Z",
        "wording": "Yes, send me what is in season, two letters a month.",
        "proof": "Submission 8812",
    }
)
class ConsentIn(In):
    """A yes with its proof, or a no."""

    says = serializers.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    channel = serializers.ChoiceField(choices=CHANNELS)
    topic_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="Needed for a yes. A no without one is a no to everything."
    )
    source = serializers.CharField(max_length=160, help_text="Where they said it.")
    occurred_at = serializers.DateTimeField(required=False, help_text="When they said it; needed for a yes.")
    wording = serializers.CharField(
        required=False, max_length=2_000, help_text="The exact words they agreed to; needed for a yes."
    )
    proof = serializers.CharField(
        required=False, max_length=300, help_text="What shows it: where the paper lies, the number of a submission."
    )

    def validate(self, attrs: Any) -> Any:
        """A yes comes whole."""
        needed = ("topic_id", "occurred_at", "wording") if attrs["says"] == "yes" else ()
        missing = [name for name in needed if not attrs.get(name)]
        if missing:
            required = serializers.Field.default_error_messages["required"]
            raise serializers.ValidationError({name: [required] for name in missing})
        return attrs


class ConsentListView(ApiView):
    """The ledger of a person's permission."""

    scopes = {"get": Scope.CONSENTS_READ, "post": Scope.CONSENTS_WRITE}

    @extend_schema(operation_id="consent_list", parameters=[Paging], responses=page_of(ConsentOut), tags=["Permission"])
    def get(self, request: Request, contact_id: UUID) -> Response:
        """Every yes and no of a person, the newest first. The newest of a channel and topic is what holds."""
        asked = self.asked(Paging)
        rows = consent_rows(get_contact(contact_id))
        return answer_page(request, rows, ConsentOut, order=ORDER, paging=asked)

    @extend_schema(
        operation_id="consent_add",
        request=ConsentIn,
        responses={201: ConsentOut, 204: OpenApiResponse(description="They had said no before.")},
        tags=["Permission"],
    )
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Keep a yes with its proof, or a no, which counts at once.

        A yes from a program never opens what the person closed: 403 only_their_own_yes.
        """
        contact, given = get_contact(contact_id), self.read(ConsentIn)
        kept = self._yes(contact, given) if given["says"] == "yes" else self._no(contact, given)
        return answer(ConsentOut, kept, status=201) if kept else Response(status=204)

    def _yes(self, contact: Contact, given: dict[str, Any]) -> Any:
        return keep_program_yes(
            contact,
            channel=given["channel"],
            topic=get_open_topic(given["topic_id"]),
            said_at=given["occurred_at"],
            said_where=given["source"],
            wording=given["wording"],
            proof=given.get("proof", ""),
            actor=self.member,
            now=now(),
        )

    def _no(self, contact: Contact, given: dict[str, Any]) -> Any:
        topic_id = given.get("topic_id")
        withdrawal = withdraw_consent(
            contact,
            channel=given["channel"],
            topic=get_topic(topic_id) if topic_id else None,
            source=PROGRAM,
            source_detail=given["source"],
            actor=self.member,
        )
        return withdrawal.consent


@example(
    {
        "channel": "email",
        "topic_id": "0199f3a2-6a10-7e20-9f41-0a2b4c6d8e66",
        "state": "granted",
        "basis": "express",
        "since": "2026-01-31T09:00:00Z",
        "expires_at": None,
        "consent_id": "0199f3a2-b8e1-7b52-a1d7-6c3e0f9b8d55",
    }
)
class PermissionOut(Out):
    """What holds now for one channel and topic."""

    channel = serializers.ChoiceField(choices=Channel.choices)
    topic_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=ConsentState.State.choices, help_text="Only granted lets a letter go out.")
    basis = serializers.ChoiceField(choices=Basis.choices, allow_blank=True)
    since = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    consent_id = serializers.UUIDField(help_text="The line of the ledger that says so.")


class PermissionListView(ApiView):
    """What holds now."""

    scopes = {"get": Scope.CONSENTS_READ}

    @extend_schema(
        operation_id="permission_list", parameters=[Paging], responses=page_of(PermissionOut), tags=["Permission"]
    )
    def get(self, request: Request, contact_id: UUID) -> Response:
        """What a person allows now, by channel and topic. What is not here was never said: no letter goes out."""
        asked = self.asked(Paging)
        return answer_page(request, state_rows(get_contact(contact_id)), PermissionOut, order=ORDER, paging=asked)
