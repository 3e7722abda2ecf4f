"""One person's walks through sequences."""

from collections.abc import Callable
from collections.abc import Sequence as Many
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.enrollments import EnrollmentOut, EntryIn
from campaigns.models import Enrollment, Sequence
from campaigns.queries.api_rows import ORDER, WALK, get_walk_of, walks_of
from campaigns.queries.enrollments import as_rows
from campaigns.queries.sequences import get_sequence
from campaigns.services.enrollments import enroll_contact, exit_enrollments
from campaigns.services.walk_pauses import pause_walk, resume_walk
from contacts.queries.contacts import get_contact
from ecosystem.models import Membership
from ecosystem.rest.base import ApiView, In, Paging, answer_page, example, page_of
from ecosystem.scopes import Scope


@example(
    {
        "id": "0199f3a2-e61d-7a85-a84d-9f6b3c2e1a99",
        "sequence_id": "0199f3a2-c4f7-7e63-8e2a-7d4f1a0c9e77",
        "contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
        "entry_key": "",
        "source": "api",
        "state": "active",
        "position": 2,
        "due_at": "2026-02-05T16:20:00Z",
        "paused_at": None,
        "exit_reason": "",
        "ended_at": None,
        "created_at": "2026-02-03T16:20:00Z",
        "sequence_name": "Keep your starter alive",
        "sequence_state": "live",
        "next_letter": "Day three: the first bubbles",
    }
)
class WalkOut(EnrollmentOut):
    """A person's walk, with the letter that comes next."""

    sequence_name = serializers.CharField()
    sequence_state = serializers.ChoiceField(
        choices=Sequence.State.choices, help_text="While it is paused nobody takes a step."
    )
    next_letter = serializers.CharField(help_text="What the next letter is called; empty where none comes any more.")


@example({"sequence_id": "0199f3a2-c4f7-7e63-8e2a-7d4f1a0c9e77"})
class WalkIn(EntryIn):
    """Which sequence a person is to walk."""

    sequence_id = serializers.UUIDField()


class WalkFilters(Paging):
    """Which walks."""

    state = serializers.ChoiceField(choices=Enrollment.State.choices, required=False)
    sequence = serializers.UUIDField(required=False)


class WalkListView(ApiView):
    """The walks of a person."""

    scopes = {"get": Scope.SEQUENCES_READ, "post": Scope.ENROLLMENTS_WRITE}

    @extend_schema(
        operation_id="contact_enrollment_list",
        parameters=[WalkFilters],
        responses=page_of(WalkOut),
        tags=["Sequences"],
    )
    def get(self, request: Request, contact_id: UUID) -> Response:
        """The sequences that a person walks or walked, the newest first, with what comes next."""
        asked = self.asked(WalkFilters)
        walks = walks_of(get_contact(contact_id))
        if "state" in asked:
            walks = walks.filter(state=asked["state"])
        if "sequence" in asked:
            walks = walks.filter(sequence=asked["sequence"])
        return answer_page(request, walks, _shown, order=ORDER, paging=asked)

    @extend_schema(operation_id="contact_enrollment_add", request=WalkIn, responses={200: WalkOut}, tags=["Sequences"])
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Start a sequence for a person. Who walks or walked it under the same entry_key keeps that walk.

        Each letter still needs their yes to its topic at the moment it goes out.
        """
        contact, given = get_contact(contact_id), self.read(WalkIn)
        sequence = get_sequence(given["sequence_id"])
        walk = enroll_contact(sequence, contact, entry_key=given.get("entry_key", ""), source="api")
        return Response(_shown([get_walk_of(contact, walk.id)])[0])


class WalkView(ApiView):
    """One walk of a person."""

    scopes = {"get": Scope.SEQUENCES_READ, "delete": Scope.ENROLLMENTS_WRITE}

    @extend_schema(operation_id="contact_enrollment_read", responses=WalkOut, tags=["Sequences"])
    def get(self, request: Request, contact_id: UUID, enrollment_id: UUID) -> Response:
        """One walk of a person: where they stand, when the next step is due and which letter comes."""
        self.asked(In)
        return Response(_shown([get_walk_of(get_contact(contact_id), enrollment_id)])[0])

    @extend_schema(operation_id="contact_enrollment_end", responses={204: None}, tags=["Sequences"])
    def delete(self, request: Request, contact_id: UUID, enrollment_id: UUID) -> Response:
        """Take a person off the way; no letter of it goes out any more. A walk that has ended stays as it is."""
        walk = get_walk_of(get_contact(contact_id), enrollment_id)
        exit_enrollments(enrollment_id=walk.id, reason="manual")
        return Response(status=204)


class WalkPauseView(ApiView):
    """Letting one person rest on the way."""

    scopes = {"post": Scope.ENROLLMENTS_WRITE}

    @extend_schema(operation_id="contact_enrollment_pause", request=None, responses={200: WalkOut}, tags=["Sequences"])
    def post(self, request: Request, contact_id: UUID, enrollment_id: UUID) -> Response:
        """Let one person rest: no further letter of it goes to them, while the others walk on. Twice is once.

        A walk that has ended is a 409 `walk_over`.
        """
        return _switched(pause_walk, contact_id, enrollment_id, self.member)


class WalkResumeView(ApiView):
    """Letting one person walk on."""

    scopes = {"post": Scope.ENROLLMENTS_WRITE}

    @extend_schema(operation_id="contact_enrollment_resume", request=None, responses={200: WalkOut}, tags=["Sequences"])
    def post(self, request: Request, contact_id: UUID, enrollment_id: UUID) -> Response:
        """Let somebody walk on who rests: a letter that was held goes, and each wait is longer by the pause.

        A walk that has ended is a 409 `walk_over`.
        """
        return _switched(resume_walk, contact_id, enrollment_id, self.member)


def _switched(act: Callable[..., Enrollment], contact_id: UUID, enrollment_id: UUID, member: Membership) -> Response:
    contact = get_contact(contact_id)
    walk = act(get_walk_of(contact, enrollment_id), actor=member)
    return Response(_shown([get_walk_of(contact, walk.id)])[0])


def _shown(walks: Many[Enrollment]) -> list[Any]:
    rows = [
        {name: getattr(row.walk, name) for name in WALK}
        | {
            "sequence_name": row.walk.sequence.name,
            "sequence_state": row.walk.sequence.state,
            "next_letter": row.next_letter,
        }
        for row in as_rows(walks)
    ]
    return list(WalkOut(rows, many=True).data)
