"""How a person likes to be written to, and asking them for a yes."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.queries.signups import CONFIRM_WITHIN
from campaigns.services.preferences import RESTS, rest_for
from campaigns.services.signups import ask_for_consent
from contacts.models import Channel, Contact
from contacts.queries.contacts import get_contact
from contacts.queries.topics import get_open_topic
from contacts.services.contacts import set_contact_zone
from contacts.services.preferred_channel import CHANNELS, prefer_channel
from ecosystem.base.clock import now
from ecosystem.rest.base import ApiView, In, Out, answer, example
from ecosystem.rest.shapes import NumberChoiceField
from ecosystem.scopes import Scope

PREFERRED = [(channel.value, channel.label) for channel in CHANNELS]


@example(
    {
        "contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
        "preferred_channel": "email",
        "timezone": "America/Chicago",
        "rest_until": "2026-03-05T16:20:00Z",
        "rhythm_days": None,
        "quiet_from_minute": 1200,
        "quiet_until_minute": 480,
    }
)
class WishesOut(Out):
    """How a person likes to be written to. It permits nothing: only a yes does."""

    contact_id = serializers.UUIDField(source="pk")
    preferred_channel = serializers.CharField(help_text="email or sms, where a message could go either way.")
    timezone = serializers.CharField(help_text="By which clock they live; empty: by yours.")
    rest_until = serializers.SerializerMethodField(help_text="News and promised letters wait until then.")
    rhythm_days = serializers.IntegerField(
        allow_null=True, help_text="At most one letter or text in so many days; only they change it."
    )
    quiet_from_minute = serializers.IntegerField(
        allow_null=True, help_text="From this minute of their day nothing comes but what they need at once."
    )
    quiet_until_minute = serializers.IntegerField(
        allow_null=True, help_text="Until this one of the next day; only they change them."
    )

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_rest_until(self, contact: Contact) -> Any:
        """Null once it is over."""
        until = contact.paused_until
        return until if until is not None and until > now() else None


@example({"preferred_channel": "email", "rest_days": 30})
class WishesIn(In):
    """What they said; what is not sent stays as it is."""

    preferred_channel = serializers.ChoiceField(choices=PREFERRED, required=False, allow_blank=True)
    timezone = serializers.CharField(required=False, allow_blank=True, max_length=60, help_text="As America/Chicago.")
    rest_days = NumberChoiceField(
        choices=[(days, str(days)) for days in RESTS],
        required=False,
        help_text="News and promised letters wait for so many days from now. It shortens no rest they took.",
    )


class WishesView(ApiView):
    """How a person likes to be written to."""

    scopes = {"get": Scope.CONSENTS_READ, "patch": Scope.CONSENTS_WRITE}

    @extend_schema(operation_id="wishes_read", responses=WishesOut, tags=["Permission"])
    def get(self, request: Request, contact_id: UUID) -> Response:
        """How a person likes to be written to: on which channel, by which clock, how often, and whether they rest."""
        self.asked(In)
        return answer(WishesOut, get_contact(contact_id))

    @extend_schema(operation_id="wishes_change", request=WishesIn, responses=WishesOut, tags=["Permission"])
    def patch(self, request: Request, contact_id: UUID) -> Response:
        """Note how a person likes to be written to. A rest counts at once, also for letters that wait.

        Only they end a rest, by the link in their letters.
        """
        contact, given = get_contact(contact_id), self.read(WishesIn)
        if "preferred_channel" in given:
            prefer_channel(contact, given["preferred_channel"], actor=self.member)
        if "timezone" in given:
            set_contact_zone(contact, given["timezone"], actor=self.member, now=now())
        if "rest_days" in given:
            rest_for(contact, days=given["rest_days"], actor=self.member, now=now())
        return answer(WishesOut, get_contact(contact_id))


@example({"topic_id": "0199f3a2-6a10-7e20-9f41-0a2b4c6d8e66"})
class ConsentRequestIn(In):
    """To what a person is to be asked for a yes."""

    topic_id = serializers.UUIDField()


@example(
    {
        "id": "0199f3a2-e0f5-7b27-9c66-3d8a5f2e1c44",
        "contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
        "topic_id": "0199f3a2-6a10-7e20-9f41-0a2b4c6d8e66",
        "channel": "email",
        "asked_at": "2026-01-31T09:00:00Z",
        "expires_at": "2026-02-07T09:00:00Z",
    }
)
class ConsentRequestOut(Out):
    """An asking. The yes stands in the ledger once they press the button in the letter."""

    id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    topic_id = serializers.UUIDField()
    channel = serializers.ChoiceField(choices=[(Channel.EMAIL.value, Channel.EMAIL.label)])
    asked_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="Until then they can press the button.")


class ConsentRequestListView(ApiView):
    """Asking for a yes."""

    scopes = {"post": Scope.CONSENTS_WRITE}

    @extend_schema(
        operation_id="consent_request_add",
        request=ConsentRequestIn,
        responses={202: ConsentRequestOut},
        tags=["Permission"],
    )
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Send a person the one letter that asks for their yes to a topic.

        A 403 where they said no or the team marked them, a 409 where they were asked less than 30 days ago.
        """
        contact, given = get_contact(contact_id), self.read(ConsentRequestIn)
        topic = get_open_topic(given["topic_id"])
        asked = ask_for_consent(contact, topic=topic, actor=self.member)
        shown = {
            "id": asked.id,
            "contact_id": contact.pk,
            "topic_id": topic.pk,
            "channel": Channel.EMAIL,
            "asked_at": asked.created_at,
            "expires_at": asked.created_at + CONFIRM_WITHIN,
        }
        return answer(ConsentRequestOut, shown, status=202)
