"""Who walks a sequence."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import Enrollment
from campaigns.queries.api_rows import ORDER, enrollment_rows, get_enrollment_of
from campaigns.queries.paused_walks import PAUSED
from campaigns.queries.sequences import get_sequence
from campaigns.services.enrollments import enroll_contact, exit_enrollments
from contacts.queries.contacts import get_contact
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, example, page_of
from ecosystem.scopes import Scope


@example(
    {
        "id": "0199f3a2-e61d-7a85-a84d-9f6b3c2e1a99",
        "sequence_id": "0199f3a2-c4f7-7e63-8e2a-7d4f1a0c9e77",
        "contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
        "entry_key": "",
        "source": "api",
        "state": "active",
        "position": 0,
        "due_at": "2026-02-03T16:20:00Z",
        "paused_at": None,
        "exit_reason": "",
        "ended_at": None,
        "created_at": "2026-02-03T16:20:00Z",
    }
)
class EnrollmentOut(Out):
    """One person's walk through a sequence."""

    id = serializers.UUIDField()
    sequence_id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    entry_key = serializers.CharField()
    source = serializers.CharField(help_text="What started it.")
    state = serializers.ChoiceField(choices=Enrollment.State.choices)
    position = serializers.IntegerField(help_text="The step that is due next, from 0.")
    due_at = serializers.DateTimeField(help_text="When the next step is due; it stands still while they rest.")
    paused_at = serializers.DateTimeField(
        allow_null=True, help_text="Since when this one person rests on the way, whatever the others do."
    )
    exit_reason = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class EntryIn(In):
    """A walk that is to begin."""

    entry_key = serializers.CharField(
        required=False, max_length=80, help_text="What they enter for, such as an order: another key is another walk."
    )


@example({"contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10"})
class EnrollmentIn(EntryIn):
    """Who is to walk a sequence."""

    contact_id = serializers.UUIDField()


class EnrollmentFilters(Paging):
    """Which walks."""

    state = serializers.ChoiceField(choices=Enrollment.State.choices, required=False)
    paused = serializers.BooleanField(
        required=False, help_text="true: only those who rest by themselves; their `paused_at` says since when."
    )


class EnrollmentListView(ApiView):
    """The walks through a sequence."""

    scopes = {"get": Scope.SEQUENCES_READ, "post": Scope.ENROLLMENTS_WRITE}

    @extend_schema(
        operation_id="enrollment_list",
        parameters=[EnrollmentFilters],
        responses=page_of(EnrollmentOut),
        tags=["Sequences"],
    )
    def get(self, request: Request, sequence_id: UUID) -> Response:
        """Who walks or walked a sequence, the newest first; with `paused=true` those alone who were paused one by one.

        A pause of the whole sequence pauses none of them by themselves.
        """
        asked = self.asked(EnrollmentFilters)
        rows = enrollment_rows(get_sequence(sequence_id))
        if "state" in asked:
            rows = rows.filter(state=asked["state"])
        if asked.get("paused"):
            rows = rows.filter(PAUSED)
        return answer_page(request, rows, EnrollmentOut, order=ORDER, paging=asked)

    @extend_schema(
        operation_id="enrollment_add", request=EnrollmentIn, responses={200: EnrollmentOut}, tags=["Sequences"]
    )
    def post(self, request: Request, sequence_id: UUID) -> Response:
        """Put a person on a sequence's way. Who walks or walked it under the same entry_key keeps that walk.

        Each letter still needs their yes to its topic at the moment it goes out.
        """
        given = self.read(EnrollmentIn)
        sequence, contact = get_sequence(sequence_id), get_contact(given["contact_id"])
        walk = enroll_contact(sequence, contact, entry_key=given.get("entry_key", ""), source="api")
        return answer(EnrollmentOut, walk)


class EnrollmentView(ApiView):
    """One walk."""

    scopes = {"get": Scope.SEQUENCES_READ, "delete": Scope.ENROLLMENTS_WRITE}

    @extend_schema(operation_id="enrollment_read", responses=EnrollmentOut, tags=["Sequences"])
    def get(self, request: Request, sequence_id: UUID, enrollment_id: UUID) -> Response:
        """One walk: where the person stands, and when the next step is due."""
        self.asked(In)
        return answer(EnrollmentOut, get_enrollment_of(get_sequence(sequence_id), enrollment_id))

    @extend_schema(operation_id="enrollment_end", responses={204: None}, tags=["Sequences"])
    def delete(self, request: Request, sequence_id: UUID, enrollment_id: UUID) -> Response:
        """Take a person off the way; no letter of it goes out any more. A walk that has ended stays as it is."""
        walk = get_enrollment_of(get_sequence(sequence_id), enrollment_id)
        exit_enrollments(enrollment_id=walk.id, reason="manual")
        return Response(status=204)
