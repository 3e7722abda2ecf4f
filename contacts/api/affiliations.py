"""Who belongs to which organization."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.queries.contacts import get_contact
from contacts.queries.organization_rows import NEWEST, place_row, places_in, places_of
from contacts.queries.organizations import get_affiliation_of, get_organization
from contacts.services.organizations import affiliate, end_affiliation, join_organization
from ecosystem.base.clock import now
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, example, page_of
from ecosystem.scopes import Scope


@example(
    {
        "id": "0199f3a2-9e60-7f53-9c77-5b4f0e3d8a32",
        "contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
        "contact_name": "Ana Ruiz",
        "organization_id": "0199f3a2-8d5f-7e42-8b66-4a3e9d2c7f21",
        "organization_name": "Marlow Mill",
        "title": "Miller",
        "created_at": "2026-01-31T09:00:00Z",
    }
)
class AffiliationOut(Out):
    """A person's place in an organization."""

    id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    contact_name = serializers.CharField()
    organization_id = serializers.UUIDField()
    organization_name = serializers.CharField()
    title = serializers.CharField(help_text="What they do there.")
    created_at = serializers.DateTimeField()


@example({"organization_id": "0199f3a2-8d5f-7e42-8b66-4a3e9d2c7f21", "title": "Miller"})
class AffiliationIn(In):
    """Where a person belongs: an organization of yours, or the name of one, which is made where it is new."""

    organization_id = serializers.UUIDField(required=False)
    organization_name = serializers.CharField(required=False, max_length=170)
    title = serializers.CharField(required=False, allow_blank=True, max_length=80)

    def validate(self, attrs: Any) -> Any:
        """One of the two names it."""
        if ("organization_id" in attrs) == ("organization_name" in attrs):
            sentence = "Name the organization by organization_id or by organization_name."
            raise serializers.ValidationError({"organization_id": [sentence]})
        return attrs


class AffiliationListView(ApiView):
    """The places of a person."""

    scopes = {"get": Scope.CONTACTS_READ, "post": Scope.CONTACTS_WRITE}

    @extend_schema(
        operation_id="affiliation_list",
        parameters=[Paging],
        responses=page_of(AffiliationOut),
        tags=["Organizations"],
    )
    def get(self, request: Request, contact_id: UUID) -> Response:
        """Where a person belongs now."""
        asked = self.asked(Paging)
        return answer_page(request, places_of(get_contact(contact_id)), AffiliationOut, order=NEWEST, paging=asked)

    @extend_schema(
        operation_id="affiliation_add",
        request=AffiliationIn,
        responses={200: AffiliationOut},
        tags=["Organizations"],
    )
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Write down where a person belongs; once, however often it is said."""
        contact, given = get_contact(contact_id), self.read(AffiliationIn)
        title = given.get("title", "")
        if "organization_id" in given:
            place = affiliate(contact, get_organization(given["organization_id"]), title=title)
        else:
            place = join_organization(contact, given["organization_name"], title=title, actor=self.member)
        return answer(AffiliationOut, place_row(place.pk))


class AffiliationView(ApiView):
    """One place."""

    scopes = {"delete": Scope.CONTACTS_WRITE}

    @extend_schema(operation_id="affiliation_end", responses={204: None}, tags=["Organizations"])
    def delete(self, request: Request, contact_id: UUID, affiliation_id: UUID) -> Response:
        """Write down that a person belongs there no longer. For the main contact it is a 409."""
        end_affiliation(get_affiliation_of(get_contact(contact_id), affiliation_id), now=now())
        return Response(status=204)


class OrganizationPeopleView(ApiView):
    """The people of an organization."""

    scopes = {"get": Scope.CONTACTS_READ}

    @extend_schema(
        operation_id="organization_people",
        parameters=[Paging],
        responses=page_of(AffiliationOut),
        tags=["Organizations"],
    )
    def get(self, request: Request, organization_id: UUID) -> Response:
        """Who belongs to an organization now."""
        asked = self.asked(Paging)
        rows = places_in(get_organization(organization_id))
        return answer_page(request, rows, AffiliationOut, order=NEWEST, paging=asked)
