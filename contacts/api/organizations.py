"""Firms, schools, associations: found, added, changed, taken off the list."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import RoleAssignment
from contacts.queries.contacts import get_contact
from contacts.queries.organization_rows import BY_NAME, organization_row, organization_rows
from contacts.queries.organizations import find_deleted_organization, get_organization
from contacts.services.organizations import (
    add_organization,
    delete_organization,
    edit_organization,
    hold_organization,
    restore_organization,
)
from contacts.services.roles import assign_role
from ecosystem.base.clock import now
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, etag, example, expect_version, page_of
from ecosystem.scopes import Scope

MILL = {
    "name": "Marlow Mill",
    "website": "https://example.com/mill",
    "is_context": False,
    "main_contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
}


@example(
    {
        "id": "0199f3a2-8d5f-7e42-8b66-4a3e9d2c7f21",
        **MILL,
        "kinds": ["vendor"],
        "created_at": "2026-01-31T09:00:00Z",
        "updated_at": "2026-01-31T09:00:00Z",
        "version": 1,
    }
)
class OrganizationOut(Out):
    """A firm or other body."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    website = serializers.CharField()
    is_context = serializers.BooleanField(help_text="Only context, such as a competitor: never written to.")
    main_contact_id = serializers.UUIDField(allow_null=True, help_text="Whom you talk to there.")
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=RoleAssignment.Kind.choices), help_text="What it is to you."
    )
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class _Details(In):
    website = serializers.URLField(required=False, allow_blank=True, max_length=300)
    is_context = serializers.BooleanField(required=False)
    main_contact_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="A person of yours; they belong to it from then on."
    )


@example(MILL)
class OrganizationIn(_Details):
    """An organization to be added."""

    name = serializers.CharField(max_length=170)


@example({"website": "https://example.com/the-mill", "version": 1})
class OrganizationChange(_Details):
    """The fields of an organization that are to change."""

    name = serializers.CharField(required=False, max_length=170)
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The version you read; If-Match does the same."
    )


@example({"kind": "vendor"})
class OrganizationRoleIn(In):
    """What an organization is to become to you."""

    kind = serializers.ChoiceField(choices=RoleAssignment.Kind.choices)


class OrganizationFilters(Paging):
    """Which organizations."""

    begins = serializers.CharField(required=False, max_length=120, help_text="How its name begins; capitals are one.")


class OrganizationListView(ApiView):
    """Organizations."""

    scopes = {"get": Scope.CONTACTS_READ, "post": Scope.CONTACTS_WRITE}

    @extend_schema(
        operation_id="organization_list",
        parameters=[OrganizationFilters],
        responses=page_of(OrganizationOut),
        tags=["Organizations"],
    )
    def get(self, request: Request) -> Response:
        """Your organizations by name; those alone whose names begin with something."""
        asked = self.asked(OrganizationFilters)
        rows = organization_rows(begins=asked.get("begins", ""))
        return answer_page(request, rows, OrganizationOut, order=BY_NAME, paging=asked)

    @extend_schema(
        operation_id="organization_add",
        request=OrganizationIn,
        responses={201: OrganizationOut},
        tags=["Organizations"],
    )
    def post(self, request: Request) -> Response:
        """Add an organization. Its main contact is a person you have already."""
        given = self.read(OrganizationIn)
        main_contact_id = given.pop("main_contact_id", None)
        person = get_contact(main_contact_id) if main_contact_id else None
        made = add_organization(**given, main_contact=person, actor=self.member)
        return _one(made.pk, status=201)


class OrganizationView(ApiView):
    """One organization."""

    scopes = {"get": Scope.CONTACTS_READ, "patch": Scope.CONTACTS_WRITE, "delete": Scope.CONTACTS_DELETE}

    @extend_schema(operation_id="organization_read", responses=OrganizationOut, tags=["Organizations"])
    def get(self, request: Request, organization_id: UUID) -> Response:
        """One organization, with the version as ETag."""
        self.asked(In)
        return _one(organization_id)

    @extend_schema(
        operation_id="organization_change",
        request=OrganizationChange,
        responses=OrganizationOut,
        tags=["Organizations"],
    )
    def patch(self, request: Request, organization_id: UUID) -> Response:
        """Change the fields you send, and no other.

        From an older `version` it is a 409, with an older If-Match a 412; both tell how it stands now.
        """
        held, given = hold_organization(organization_id), self.read(OrganizationChange)
        self._expect(organization_id, held.version, given.pop("version", None))
        wished = {"name": held.name, "website": held.website, "is_context": held.is_context, **given}
        main_contact_id = wished.pop("main_contact_id", held.main_contact_id)
        # Who is off the list may stay what they are there, and becomes it nowhere.
        stays = main_contact_id == held.main_contact_id
        person = held.main_contact if stays else get_contact(main_contact_id) if main_contact_id else None
        edit_organization(held, **wished, main_contact=person, version=held.version, now=now())
        return _one(organization_id)

    @extend_schema(operation_id="organization_delete", responses={204: None}, tags=["Organizations"])
    def delete(self, request: Request, organization_id: UUID) -> Response:
        """Take an organization off the list; its people stay. While it is something to you it is a 409."""
        held = hold_organization(organization_id)
        self._expect(organization_id, held.version)
        delete_organization(held, actor=self.member, now=now())
        return Response(status=204)

    def _expect(self, organization_id: UUID, version: int, given: int | None = None) -> None:
        if given is not None or "If-Match" in self.request.headers:
            current = OrganizationOut(organization_row(organization_id)).data
            expect_version(self.request, version, current=current, given=given)


class OrganizationRestoreView(ApiView):
    """Bringing one back."""

    scopes = {"post": Scope.CONTACTS_DELETE}

    @extend_schema(
        operation_id="organization_restore", request=None, responses={200: OrganizationOut}, tags=["Organizations"]
    )
    def post(self, request: Request, organization_id: UUID) -> Response:
        """Bring an organization back that was taken off the list. What is there stays as it is."""
        deleted = find_deleted_organization(organization_id)
        if deleted is not None:
            restore_organization(deleted, actor=self.member, now=now())
        return _one(organization_id)


class OrganizationRoleListView(ApiView):
    """What an organization is to the business."""

    scopes = {"post": Scope.CONTACTS_WRITE}

    @extend_schema(
        operation_id="organization_role_add",
        request=OrganizationRoleIn,
        responses={200: OrganizationOut},
        tags=["Organizations"],
    )
    def post(self, request: Request, organization_id: UUID) -> Response:
        """Make an organization an associate, vendor or partner, by its main contact. What it is already it stays."""
        given: dict[str, Any] = self.read(OrganizationRoleIn)
        assign_role(given["kind"], organization=get_organization(organization_id), actor=self.member, now=now())
        return _one(organization_id)


def _one(organization_id: UUID, *, status: int = 200) -> Response:
    row = organization_row(organization_id)
    headers = {"ETag": etag(row.version)}
    if status == 201:
        headers["Location"] = reverse("contacts_api:organization", kwargs={"organization_id": organization_id})
    return answer(OrganizationOut, row, status=status, **headers)
