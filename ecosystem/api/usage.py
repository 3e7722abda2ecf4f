"""How much of each thing the business uses, for programs."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ecosystem.queries.quotas import Usage, usages
from ecosystem.quotas import Span
from ecosystem.rest.authentication import ANY_KEY
from ecosystem.rest.base import ApiView, In, Out, answer, example


class QuotaOut(Out):
    """One thing of which a business has so much."""

    key = serializers.CharField(help_text="A call that finds it full is refused with the code `quota_` and this word.")
    label = serializers.CharField()
    used = serializers.IntegerField()
    limit = serializers.IntegerField(allow_null=True, help_text="null where there is no limit.")
    unit = serializers.CharField(allow_blank=True, help_text="`B` for bytes; empty for a plain count.")
    span = serializers.ChoiceField(choices=Span.choices, help_text="What the limit is a measure of.")


@example(
    {
        "items": [
            {"key": "people", "label": "People", "used": 1204, "limit": 5000, "unit": "", "span": "kept"},
            {
                "key": "storage",
                "label": "Room for files",
                "used": 812000,
                "limit": 5000000000,
                "unit": "B",
                "span": "kept",
            },
        ]
    }
)
class UsageOut(Out):
    """What a business uses, and what it may."""

    items = QuotaOut(many=True)


class UsageView(ApiView):
    """What is used."""

    scopes = {"get": ANY_KEY}

    @extend_schema(operation_id="usage_read", responses=UsageOut, tags=["Business"])
    def get(self, request: Request) -> Response:
        """How much of each thing your business uses, and how much it may."""
        self.asked(In)
        return answer(UsageOut, {"items": [_shown(usage) for usage in usages()]})


def _shown(usage: Usage) -> dict[str, object]:
    return {
        "key": usage.key,
        "label": str(usage.quota.label),
        "used": usage.used,
        "limit": usage.limit,
        "unit": "B" if usage.quota.scale > 1 else "",
        "span": usage.quota.span,
    }
