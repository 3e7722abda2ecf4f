"""What the team writes down about people."""

from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Note
from contacts.queries.contacts import get_contact
from contacts.queries.notes import NEWEST, get_note, notes_of
from contacts.services.notes import add_note, delete_note, edit_note, hold_note, restore_note
from ecosystem.base.access import Action
from ecosystem.base.clock import now
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, etag, example, expect_version, page_of
from ecosystem.scopes import Scope

LONGEST = Note._meta.get_field("body").max_length


@example(
    {
        "id": "0199f3a2-b082-7175-9e99-7d6b2a5f0c54",
        "contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
        "body": "Asked for the rye recipe, comes on Saturdays.",
        "written_by_id": "0199f3a2-5a11-7c22-8d33-9e44f5a6b7c8",
        "created_at": "2026-01-31T09:00:00Z",
        "edited_at": None,
        "version": 1,
    }
)
class NoteOut(Out):
    """A note that only the team sees."""

    id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    body = serializers.CharField()
    written_by_id = serializers.UUIDField(allow_null=True, help_text="Who of the team wrote it, or whose key.")
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


@example({"body": "Asked for the rye recipe, comes on Saturdays."})
class NoteIn(In):
    """What is to be kept."""

    body = serializers.CharField(max_length=LONGEST)


@example({"body": "Asked for the rye recipe, comes on Saturdays with her son.", "version": 1})
class NoteChange(NoteIn):
    """The note as it is to stand."""

    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The version you read; If-Match does the same."
    )


class NoteListView(ApiView):
    """The notes about a person."""

    scopes = {"get": Scope.NOTES_READ, "post": Scope.NOTES_WRITE}

    @extend_schema(operation_id="note_list", parameters=[Paging], responses=page_of(NoteOut), tags=["Notes"])
    def get(self, request: Request, contact_id: UUID) -> Response:
        """What the team wrote down about a person, the newest first."""
        asked = self.asked(Paging)
        return answer_page(request, notes_of(get_contact(contact_id)), NoteOut, order=NEWEST, paging=asked)

    @extend_schema(operation_id="note_add", request=NoteIn, responses={201: NoteOut}, tags=["Notes"])
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Keep a note about a person. It stands in their timeline, and only the team sees it."""
        contact = get_contact(contact_id)
        note = add_note(contact, body=self.read(NoteIn)["body"], actor=self.member, now=now())
        return _one(note, status=201)


class NoteView(ApiView):
    """One note."""

    scopes = {"get": Scope.NOTES_READ, "patch": Scope.NOTES_WRITE, "delete": Scope.NOTES_WRITE}

    @extend_schema(operation_id="note_read", responses=NoteOut, tags=["Notes"])
    def get(self, request: Request, contact_id: UUID, note_id: UUID) -> Response:
        """One note, with the version as ETag."""
        self.asked(In)
        return _one(get_note(get_contact(contact_id), note_id, is_deleted=False))

    @extend_schema(operation_id="note_change", request=NoteChange, responses=NoteOut, tags=["Notes"])
    def patch(self, request: Request, contact_id: UUID, note_id: UUID) -> Response:
        """Write a note anew. Notes of others are for who may edit people.

        From an older `version` it is a 409, with an older If-Match a 412; both tell how it stands now.
        """
        held, given = _held(self, contact_id, note_id, is_deleted=False), self.read(NoteChange)
        expect_version(request, held.version, current=NoteOut(held).data, given=given.get("version"))
        return _one(edit_note(held, body=given["body"], version=held.version, now=now()))

    @extend_schema(operation_id="note_delete", responses={204: None}, tags=["Notes"])
    def delete(self, request: Request, contact_id: UUID, note_id: UUID) -> Response:
        """Take a note away. For 30 days it can be brought back."""
        held = _held(self, contact_id, note_id, is_deleted=False)
        expect_version(request, held.version, current=NoteOut(held).data)
        delete_note(held, now=now())
        return Response(status=204)


class NoteRestoreView(ApiView):
    """Bringing a note back."""

    scopes = {"post": Scope.NOTES_WRITE}

    @extend_schema(operation_id="note_restore", request=None, responses={200: NoteOut}, tags=["Notes"])
    def post(self, request: Request, contact_id: UUID, note_id: UUID) -> Response:
        """Bring a note back that was taken away less than 30 days ago. One that is there stays as it is."""
        held = _held(self, contact_id, note_id, is_deleted=None)
        restore_note(held)
        return _one(get_note(held.contact, note_id))


def _held(view: ApiView, contact_id: UUID, note_id: UUID, *, is_deleted: bool | None) -> Note:
    note = get_note(get_contact(contact_id), note_id, is_deleted=is_deleted)
    return hold_note(note, view.member, edits_people=view.sees(Action.EDIT_PEOPLE))


def _one(note: Note, *, status: int = 200) -> Response:
    headers = {"ETag": etag(note.version)}
    if status == 201:
        kwargs = {"contact_id": note.contact_id, "note_id": note.pk}
        headers["Location"] = reverse("contacts_api:note", kwargs=kwargs)
    return answer(NoteOut, note, status=status, **headers)
