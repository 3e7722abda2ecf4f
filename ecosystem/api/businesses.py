"""The business that a key opens, and its words."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ecosystem.queries.businesses import get_profile
from ecosystem.queries.kinds import kind_settings
from ecosystem.rest.authentication import ANY_KEY
from ecosystem.rest.base import ApiView, In, Out, answer, example


class KindOut(Out):
    """What one kind of people is called here."""

    kind = serializers.CharField(help_text="The fixed word; it never changes.")
    label = serializers.CharField(help_text="What the business calls one of them.")
    label_plural = serializers.CharField(help_text="What the business calls all of them.")
    definition = serializers.CharField(help_text="Who they are, as the business says; may be empty.")
    is_on = serializers.BooleanField()
    cadence_days = serializers.IntegerField()


@example(
    {
        "slug": "oat-ember",
        "name": "Oat & Ember",
        "trade": "food",
        "town": "Marlow Bend",
        "country": "US",
        "timezone": "America/New_York",
        "currency": "USD",
        "core_message": "Bread that knows your name",
        "scopes": ["contacts:read"],
        "kinds": [
            {
                "kind": "prospect",
                "label": "Prospect",
                "label_plural": "Prospects",
                "definition": "Somebody who has asked for something",
                "is_on": True,
                "cadence_days": 30,
            }
        ],
    }
)
class BusinessOut(Out):
    """A business and its words for the kinds of people."""

    slug = serializers.CharField()
    name = serializers.CharField()
    trade = serializers.CharField()
    town = serializers.CharField()
    country = serializers.CharField()
    timezone = serializers.CharField()
    currency = serializers.CharField()
    core_message = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    kinds = KindOut(many=True)


class BusinessView(ApiView):
    """Which business this is."""

    scopes = {"get": ANY_KEY}

    @extend_schema(operation_id="business_read", responses=BusinessOut, tags=["Business"])
    def get(self, request: Request) -> Response:
        """The business of the key, its words for the kinds of people, and what the key may do."""
        self.asked(In)
        profile = get_profile()
        shown: dict[str, Any] = {name: getattr(profile, name) for name in _OF_PROFILE}
        business = request._request.business  # type: ignore[attr-defined]
        shown |= {"slug": business.slug, "name": business.name, "scopes": request.auth.scopes}
        return answer(BusinessOut, shown | {"kinds": kind_settings()})


_OF_PROFILE = ("trade", "town", "country", "timezone", "currency", "core_message")
