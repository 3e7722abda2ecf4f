"""The words that a business puts on people."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Tag
from contacts.queries.contacts import get_contact
from contacts.queries.tags import get_tag, tags, tags_of
from contacts.services.tags import LONGEST_TAG, MOST_TAGS, tag_contact, untag_contact
from ecosystem.queries.tallies import tallies
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, example, page_of
from ecosystem.scopes import Scope

REGULAR = {"id": "0199f3a2-af71-7064-8d88-6c5a1f4e9b43", "name": "Regular"}


@example({**REGULAR, "people": 41})
class TagOut(Out):
    """A tag and how many people have it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    people = serializers.IntegerField()


class WornTagOut(Out):
    """A tag on a person."""

    id = serializers.UUIDField()
    name = serializers.CharField()


@example({"items": [REGULAR]})
class WornTagsOut(Out):
    """The tags on a person, by name; 20 at most."""

    items = WornTagOut(many=True)


@example({"names": ["Regular", "Wholesale"]})
class TagsIn(In):
    """Tags to put on a person; a word that is new is made."""

    names = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_TAG), min_length=1, max_length=MOST_TAGS
    )


class TagListView(ApiView):
    """The tags of the business."""

    scopes = {"get": Scope.CONTACTS_READ}

    @extend_schema(operation_id="tag_list", parameters=[Paging], responses=page_of(TagOut), tags=["Tags"])
    def get(self, request: Request) -> Response:
        """Your tags by name, with how many people have each."""
        return answer_page(request, tags(), _counted, order=("name_norm", "id"), paging=self.asked(Paging))


class ContactTagListView(ApiView):
    """The tags on a person."""

    scopes = {"get": Scope.CONTACTS_READ, "post": Scope.CONTACTS_WRITE}

    @extend_schema(operation_id="contact_tag_list", responses=WornTagsOut, tags=["Tags"])
    def get(self, request: Request, contact_id: UUID) -> Response:
        """The tags on a person."""
        self.asked(In)
        return answer(WornTagsOut, {"items": tags_of(get_contact(contact_id))})

    @extend_schema(operation_id="contact_tag_add", request=TagsIn, responses={200: WornTagsOut}, tags=["Tags"])
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Put tags on a person, beside those they have. Answers all that they have then."""
        contact = get_contact(contact_id)
        tag_contact(contact, self.read(TagsIn)["names"])
        return answer(WornTagsOut, {"items": tags_of(contact)})


class ContactTagView(ApiView):
    """One tag on a person."""

    scopes = {"put": Scope.CONTACTS_WRITE, "delete": Scope.CONTACTS_WRITE}

    @extend_schema(operation_id="contact_tag_put", request=None, responses={200: WornTagsOut}, tags=["Tags"])
    def put(self, request: Request, contact_id: UUID, tag_id: UUID) -> Response:
        """Put a tag that you have on a person. Answers all that they have then."""
        contact = get_contact(contact_id)
        tag_contact(contact, [get_tag(tag_id).name])
        return answer(WornTagsOut, {"items": tags_of(contact)})

    @extend_schema(operation_id="contact_tag_remove", responses={204: None}, tags=["Tags"])
    def delete(self, request: Request, contact_id: UUID, tag_id: UUID) -> Response:
        """Take a tag off a person. Nothing happens where they do not have it."""
        untag_contact(get_contact(contact_id), get_tag(tag_id))
        return Response(status=204)


def _counted(found: list[Tag]) -> list[dict[str, Any]]:
    counts = tallies(["people_by_tag"])
    return [{"id": tag.pk, "name": tag.name, "people": counts.get(("people_by_tag", str(tag.pk)), 0)} for tag in found]
