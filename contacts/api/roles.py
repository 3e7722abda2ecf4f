"""What people are beside the ladder: associates, vendors, partners."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import RoleAssignment
from contacts.queries.contacts import get_contact
from contacts.queries.person import get_role_to_end, roles_of
from contacts.services.roles import assign_role, end_role
from ecosystem.base.clock import now
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, example, page_of
from ecosystem.scopes import Scope


@example(
    {
        "id": "0199f3a2-d2a4-7397-90bb-9f8d4c7b2e76",
        "contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
        "kind": "vendor",
        "organization_id": None,
        "note": "Flour and rye",
        "started_at": "2026-01-31T09:00:00Z",
        "ended_at": None,
    }
)
class RoleOut(Out):
    """What a person is beside the ladder, from when until when."""

    id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=RoleAssignment.Kind.choices)
    organization_id = serializers.UUIDField(allow_null=True, help_text="For which organization they stand in this.")
    note = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


@example({"kind": "vendor", "note": "Flour and rye"})
class RoleIn(In):
    """What a person is to become beside the ladder."""

    kind = serializers.ChoiceField(choices=RoleAssignment.Kind.choices)
    note = serializers.CharField(required=False, allow_blank=True, max_length=200)


class RoleListView(ApiView):
    """The roles of a person."""

    scopes = {"get": Scope.CONTACTS_READ, "post": Scope.CONTACTS_WRITE}

    @extend_schema(
        operation_id="role_list", parameters=[Paging], responses=page_of(RoleOut), tags=["Beside the ladder"]
    )
    def get(self, request: Request, contact_id: UUID) -> Response:
        """What a person is and was beside the ladder, the newest first."""
        asked = self.asked(Paging)
        return answer_page(request, roles_of(get_contact(contact_id)), RoleOut, order=("-id",), paging=asked)

    @extend_schema(operation_id="role_add", request=RoleIn, responses={200: RoleOut}, tags=["Beside the ladder"])
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Make a person an associate, vendor or partner. Who is one already stays one."""
        contact, given = get_contact(contact_id), self.read(RoleIn)
        role = assign_role(given["kind"], contact=contact, note=given.get("note", ""), actor=self.member, now=now())
        return answer(RoleOut, role)


class RoleView(ApiView):
    """One role."""

    scopes = {"delete": Scope.CONTACTS_WRITE}

    @extend_schema(operation_id="role_end", responses={204: None}, tags=["Beside the ladder"])
    def delete(self, request: Request, contact_id: UUID, role_id: UUID) -> Response:
        """Write down that a person is this no longer. Ending twice changes nothing."""
        end_role(get_role_to_end(contact_id, role_id), actor=self.member, now=now())
        return Response(status=204)
