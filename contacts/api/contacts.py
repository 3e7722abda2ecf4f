"""People, one at a time and in pages."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.people_filter import ContactFilters, people_filter
from contacts.models import Contact, RoleAssignment, Stage, StageChange
from contacts.postal import LONGEST_POSTAL
from contacts.queries.contact_rows import contact_page, contact_row, filtered_page
from contacts.queries.contacts import find_contact_by_email, find_deleted
from contacts.queries.people_filter import asks_by
from contacts.queries.tags import find_tag
from contacts.services.contacts import (
    ContactDetails,
    add_contact,
    delete_contact,
    details_of,
    edit_contact,
    hold_contact,
    restore_contact,
)
from contacts.services.tags import LONGEST_TAG, MOST_TAGS
from ecosystem.base.access import Action
from ecosystem.base.addresses import normalise_email
from ecosystem.base.clock import now
from ecosystem.base.keyset import Page
from ecosystem.queries.memberships import get_membership
from ecosystem.rest.base import ApiView, In, Out, answer_items, etag, example, expect_version, page_of
from ecosystem.scopes import Scope

ANA = {
    "given_name": "Ana",
    "family_name": "Ruiz",
    "display_name": "Ana Ruiz",
    "email": "ana@example.com",
    "phone": "+12025550123",
    "postal": "12 Mill Lane\nMarlow Bend, NY 10001",
    "source_detail": "Asked for the rye recipe",
    "do_not_contact": False,
}


class KindWordsOut(Out):
    """One kind of people in the words of the business."""

    kind = serializers.CharField(help_text="The fixed word; it never changes.")
    label = serializers.CharField(help_text="What the business calls one of them.")
    definition = serializers.CharField(help_text="Who that is, as the business says; may be empty.")


@example(
    {
        "id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
        **ANA,
        "language": "en",
        "owner_id": None,
        "stage": "prospect",
        "stage_since": "2026-01-31T09:00:00.000000Z",
        "roles": ["vendor"],
        "kinds": [
            {"kind": "prospect", "label": "Taster", "definition": "Somebody who has asked for something"},
            {"kind": "vendor", "label": "Miller", "definition": "You buy from them"},
        ],
        "tags": ["regular"],
        "source": "api",
        "last_touch_at": "2026-02-03T16:20:00.000000Z",
        "fed_at": "2026-02-03T16:20:00.000000Z",
        "created_at": "2026-01-31T09:00:00.000000Z",
        "updated_at": "2026-01-31T09:00:00.000000Z",
        "version": 1,
    }
)
class ContactOut(Out):
    """A person. Printed by PostgreSQL (queries/contact_rows.py); a test compares the two."""

    id = serializers.UUIDField()
    given_name = serializers.CharField()
    family_name = serializers.CharField()
    display_name = serializers.CharField()
    language = serializers.CharField()
    email = serializers.CharField(
        help_text="The first address; empty where none is known, or who made the key may not see it."
    )
    phone = serializers.CharField(help_text="The first phone number, in international form.")
    postal = serializers.CharField(help_text="The first postal address, line by line.")
    owner_id = serializers.UUIDField(allow_null=True, help_text="Who of the team looks after them.")
    stage = serializers.ChoiceField(choices=Stage.choices, allow_null=True, help_text="The rung of the ladder.")
    stage_since = serializers.DateTimeField(allow_null=True)
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=RoleAssignment.Kind.choices), help_text="What they are beside the ladder."
    )
    kinds = KindWordsOut(many=True, help_text="The rung and the roles as the business calls and defines them.")
    tags = serializers.ListField(child=serializers.CharField())
    source = serializers.ChoiceField(choices=Contact.Source.choices)
    source_detail = serializers.CharField()
    do_not_contact = serializers.BooleanField()
    last_touch_at = serializers.DateTimeField(allow_null=True)
    fed_at = serializers.DateTimeField(help_text="When something of value last reached them.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class ContactDetailsIn(In):
    """What somebody writes about a person."""

    given_name = serializers.CharField(required=False, allow_blank=True, max_length=80)
    family_name = serializers.CharField(required=False, allow_blank=True, max_length=80)
    display_name = serializers.CharField(
        required=False, allow_blank=True, max_length=170, help_text="Shown instead of first and last name."
    )
    email = serializers.CharField(required=False, allow_blank=True, max_length=254)
    phone = serializers.CharField(required=False, allow_blank=True, max_length=40)
    postal = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_POSTAL, help_text="The postal address, line by line."
    )
    source_detail = serializers.CharField(required=False, allow_blank=True, max_length=120)
    do_not_contact = serializers.BooleanField(required=False)
    owner_id = serializers.UUIDField(required=False, allow_null=True, help_text="Who of the team looks after them.")


@example({**ANA, "stage": "prospect", "roles": [], "tags": ["regular"]})
class ContactIn(ContactDetailsIn):
    """A person to be added."""

    stage = serializers.ChoiceField(choices=Stage.choices, required=False, allow_null=True)
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=RoleAssignment.Kind.choices), required=False, max_length=3
    )
    tags = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_TAG), required=False, max_length=MOST_TAGS
    )


@example({"phone": "+12025550188", "version": 1})
class ContactChange(ContactDetailsIn):
    """The fields of a person that are to change."""

    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The version you read; If-Match does the same."
    )


class ContactListView(ApiView):
    """People."""

    scopes = {"get": Scope.CONTACTS_READ, "post": Scope.CONTACTS_WRITE}

    @extend_schema(
        operation_id="contact_list", parameters=[ContactFilters], responses=page_of(ContactOut), tags=["People"]
    )
    def get(self, request: Request) -> Response:
        """Your people, the newest first: all who are everything that is asked for.

        Names by their beginning come in the order of names, and who was touched when in that of the touch.
        """
        asked = self.asked(ContactFilters)
        paging = {name: asked.pop(name) for name in ("cursor", "limit") if name in asked}
        if "email" in asked:
            self.need(Action.SEE_ADDRESSES)
        tag = find_tag(asked["tag"]) if "tag" in asked else None
        holder = find_contact_by_email(normalise_email(asked["email"])) if "email" in asked else None
        if ("tag" in asked and tag is None) or ("email" in asked and holder is None):
            return answer_items(Page([], None, None), [])
        paging["with_addresses"] = self.sees(Action.SEE_ADDRESSES)
        if asked.keys() <= {"kind", "tag", "email"}:
            only_id = holder.pk if holder else None
            page = contact_page(kind=asked.get("kind", ""), tag_id=tag.pk if tag else None, only_id=only_id, **paging)
        else:
            wanted = people_filter(asked, tag=tag)
            for _name, action in asks_by(wanted):
                self.need(action)
            page = filtered_page(wanted, now=now(), **paging)
        # What PostgreSQL has printed is put into the page as it is.
        return answer_items(page, [orjson.Fragment(row.json) for row in page.items])

    @extend_schema(operation_id="contact_add", request=ContactIn, responses={201: ContactOut}, tags=["People"])
    def post(self, request: Request) -> Response:
        """Add a person. An address that somebody has already is a 409 which names them."""
        given = self.read(ContactIn)
        _refuse_strangers(given)
        beside = {name: given.pop(name) for name in ("stage", "roles", "tags") if name in given}
        contact = add_contact(
            ContactDetails(**given),
            source=Contact.Source.API,
            actor=self.member,
            actor_kind=StageChange.Actor.API,
            now=now(),
            **beside,
        )
        return one_contact(contact.pk, status=201)


class ContactView(ApiView):
    """One person."""

    scopes = {"get": Scope.CONTACTS_READ, "patch": Scope.CONTACTS_WRITE, "delete": Scope.CONTACTS_DELETE}

    @extend_schema(operation_id="contact_read", responses=ContactOut, tags=["People"])
    def get(self, request: Request, contact_id: UUID) -> Response:
        """One person, with the version as ETag."""
        self.asked(In)
        return self._one(contact_id)

    @extend_schema(operation_id="contact_change", request=ContactChange, responses=ContactOut, tags=["People"])
    def patch(self, request: Request, contact_id: UUID) -> Response:
        """Change the fields you send, and no other.

        From an older `version` it is a 409, with an older If-Match a 412; both tell how the person stands now.
        Without either your fields win.
        """
        contact, given = hold_contact(contact_id), self.read(ContactChange)
        _refuse_strangers(given)
        self._expect(contact, given.pop("version", None))
        details = replace(details_of(contact), **given)
        edit_contact(contact, details, version=contact.version, actor=self.member, now=now())
        return self._one(contact_id)

    @extend_schema(operation_id="contact_delete", responses={204: None}, tags=["People"])
    def delete(self, request: Request, contact_id: UUID) -> Response:
        """Take a person off every list. The team can bring them back."""
        contact = hold_contact(contact_id)
        self._expect(contact)
        delete_contact(contact, actor=self.member, now=now())
        return Response(status=204)

    def _expect(self, contact: Contact, version: int | None = None) -> None:
        """Refuse a change from an old copy; the person is printed only where somebody asked for a version."""
        if version is not None or "If-Match" in self.request.headers:
            row = contact_row(contact.pk, with_addresses=self.sees(Action.SEE_ADDRESSES))
            expect_version(self.request, contact.version, current=orjson.loads(row.json), given=version)

    def _one(self, contact_id: UUID) -> Response:
        return one_contact(contact_id, with_addresses=self.sees(Action.SEE_ADDRESSES))


class ContactRestoreView(ApiView):
    """Bringing somebody back."""

    scopes = {"post": Scope.CONTACTS_DELETE}

    @extend_schema(operation_id="contact_restore", request=None, responses={200: ContactOut}, tags=["People"])
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Bring a person back who was taken off the lists. Who is there stays as they are."""
        deleted = find_deleted(contact_id)
        if deleted is not None:
            restore_contact(deleted, actor=self.member, now=now())
        return one_contact(contact_id, with_addresses=self.sees(Action.SEE_ADDRESSES))


def one_contact(contact_id: UUID, *, status: int = 200, with_addresses: bool = True) -> Response:
    """One person as they are answered, with the version as ETag, and where they are read when they were made."""
    row = contact_row(contact_id, with_addresses=with_addresses)
    headers = {"ETag": etag(row.version)}
    if status == 201:
        headers["Location"] = reverse("contacts_api:contact", kwargs={"contact_id": contact_id})
    return Response(orjson.Fragment(row.json), status=status, headers=headers)


def _refuse_strangers(given: dict[str, Any]) -> None:
    """Raise NotFound for somebody to look after people who is not in the team."""
    if given.get("owner_id"):
        get_membership(given["owner_id"])
