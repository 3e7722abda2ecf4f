"""Who is in the team. A key can read this and change nothing of it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ecosystem.base.access import Role
from ecosystem.models import Membership
from ecosystem.queries.memberships import team
from ecosystem.rest.base import ApiView, Out, Paging, answer_page, example, page_of
from ecosystem.scopes import Scope


@example(
    {
        "id": "0199f3a2-5a11-7c22-8d33-9e44f5a6b7c8",
        "name": "Nora Vance",
        "role": "owner",
        "expires_at": None,
        "created_at": "2026-01-02T08:00:00Z",
    }
)
class MemberOut(Out):
    """Somebody of the team; addresses and sign-ins are not told."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    expires_at = serializers.DateTimeField(allow_null=True, help_text="When their access ends, if it does.")
    created_at = serializers.DateTimeField()


class TeamView(ApiView):
    """The team."""

    scopes = {"get": Scope.TEAM_READ}

    @extend_schema(operation_id="team_list", parameters=[Paging], responses=page_of(MemberOut), tags=["Business"])
    def get(self, request: Request) -> Response:
        """Who is in the team, the longest in it first. Their ids stand as owners of people and steps."""
        return answer_page(request, team(), _shown, order=("created_at", "id"), paging=self.asked(Paging))


def _shown(found: list[Membership]) -> list[dict[str, Any]]:
    rows = [
        {
            "id": member.pk,
            "name": member.user.name,
            "role": member.role,
            "expires_at": member.expires_at,
            "created_at": member.created_at,
        }
        for member in found
    ]
    return list(MemberOut(rows, many=True).data)
