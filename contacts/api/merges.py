"""Two records of one person: side by side, made one, and parted again."""

from typing import Any
from uuid import UUID

import orjson
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Contact, MergeOperation
from contacts.queries.contact_rows import contact_row
from contacts.queries.contacts import get_contact
from contacts.queries.merges import (
    get_merge,
    likely_choices,
    merges_with,
    parted_until,
    sides_of,
)
from contacts.services.merging import CHOICES, hold_pair, merge_contacts, undo_merge
from ecosystem.base.clock import now
from ecosystem.rest.base import (
    ApiView,
    In,
    Out,
    Paging,
    answer,
    answer_page,
    example,
    expect_given,
    expect_version,
    page_of,
)
from ecosystem.scopes import Scope

ANA, ANNA = "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10", "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e11"
FIELDS = [(name, name) for name in CHOICES]
MOST_VERSION = 2**31 - 1


class SideOut(Out):
    """A field in which two records differ."""

    field = serializers.ChoiceField(choices=FIELDS)
    value = serializers.CharField(allow_blank=True, help_text="What this person has.")
    other = serializers.CharField(allow_blank=True, help_text="What the other one has.")
    is_taken = serializers.BooleanField(help_text="Whether the other one's counts where you send no `take`.")


@example(
    {
        "contact_id": ANA,
        "version": 1,
        "other_id": ANNA,
        "other_version": 1,
        "fields": [{"field": "stage", "value": "prospect", "other": "client", "is_taken": True}],
    }
)
class MergeLookOut(Out):
    """Two records side by side, with the versions that you saw."""

    contact_id = serializers.UUIDField()
    version = serializers.IntegerField()
    other_id = serializers.UUIDField()
    other_version = serializers.IntegerField()
    fields = SideOut(many=True)


@example({"other_id": ANNA, "take": ["stage"]})
class MergeIn(In):
    """Who is one and the same with this person, and what of theirs counts."""

    other_id = serializers.UUIDField(help_text="Their record becomes part of this one and leads to it.")
    take = serializers.ListField(
        child=serializers.ChoiceField(choices=FIELDS),
        required=False,
        max_length=len(FIELDS),
        help_text="Whose fields of the other one count. Not sent: what is there before what is not, the higher rung.",
    )
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_VERSION, help_text="Of this person, as you read it; as If-Match."
    )
    other_version = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_VERSION, help_text="Of the other one, as you read it."
    )


@example(
    {
        "id": "0199f3a3-3848-78fd-96bb-f5e3a2d18edc",
        "contact_id": ANA,
        "merged_id": ANNA,
        "merged_at": "2026-01-31T09:00:00Z",
        "undo_until": "2026-03-02T09:00:00Z",
        "undone_at": None,
        "stayed": 0,
        "kept": [],
    }
)
class MergeOut(Out):
    """Two records that were made one."""

    id = serializers.UUIDField()
    contact_id = serializers.UUIDField(help_text="Who they are now.")
    merged_id = serializers.UUIDField(help_text="The record that became part of them; its id leads there.")
    merged_at = serializers.DateTimeField()
    undo_until = serializers.DateTimeField()
    undone_at = serializers.DateTimeField(allow_null=True, help_text="When they were parted again.")
    stayed = serializers.IntegerField(help_text="After parting: how many things were touched since, and stay.")
    kept = serializers.ListField(
        child=serializers.CharField(), help_text="After parting: fields that were changed since, and stay."
    )


class MergeLookView(ApiView):
    """Both side by side."""

    scopes = {"get": Scope.MERGES_READ}

    @extend_schema(operation_id="merge_look", responses=MergeLookOut, tags=["Merging"])
    def get(self, request: Request, contact_id: UUID, other_id: UUID) -> Response:
        """Where two records differ, and whose counts unless you say otherwise. Changes nothing."""
        self.asked(In)
        this, other = get_contact(contact_id), get_contact(other_id)
        sides = sides_of(this, other, in_words=False)
        shown = {
            "contact_id": this.pk,
            "version": this.version,
            "other_id": other.pk,
            "other_version": other.version,
            "fields": [
                {"field": side.key, "value": side.ours, "other": side.theirs, "is_taken": side.takes_theirs}
                for side in sides
            ],
        }
        return answer(MergeLookOut, shown)


class MergeListView(ApiView):
    """What was made one with a person."""

    scopes = {"get": Scope.MERGES_READ, "post": Scope.MERGES_WRITE}

    @extend_schema(operation_id="merge_list", parameters=[Paging], responses=page_of(MergeOut), tags=["Merging"])
    def get(self, request: Request, contact_id: UUID) -> Response:
        """The records that were made one with a person, the newest first."""
        made, paging = merges_with(get_contact(contact_id)), self.asked(Paging)
        return answer_page(request, made, lambda rows: [_merge(one) for one in rows], order=("-id",), paging=paging)

    @extend_schema(operation_id="merge_add", request=MergeIn, responses={201: MergeOut}, tags=["Merging"])
    def post(self, request: Request, contact_id: UUID) -> Response:
        """Make another person one with this one. For 30 days they can be parted again.

        Who said no with either record has said no; letters that wait for the other one are cancelled. From an older
        version of either it is refused (409, by If-Match 412) and told how that one stands now.
        """
        given = self.read(MergeIn)
        get_contact(contact_id)
        this, other = hold_pair(contact_id, given["other_id"])
        if given.get("version") is not None or "If-Match" in request.headers:
            expect_version(request, this.version, current=_printed(this), given=given.get("version"))
        if given.get("other_version") is not None:
            expect_given(given["other_version"], other.version, current=_printed(other))
        taken = given.get("take")
        choices = likely_choices(this, other) if taken is None else dict.fromkeys(taken, "loser")
        made = merge_contacts(this.pk, other.pk, choices=choices, actor=self.member, now=now())
        where = reverse("contacts_api:merge", kwargs={"merge_id": made.pk})
        return answer(MergeOut, _merge(made), status=201, Location=where)


class MergeView(ApiView):
    """One."""

    scopes = {"get": Scope.MERGES_READ}

    @extend_schema(operation_id="merge_read", responses=MergeOut, tags=["Merging"])
    def get(self, request: Request, merge_id: UUID) -> Response:
        """What was made one, and what became of parting it."""
        self.asked(In)
        return answer(MergeOut, _merge(get_merge(merge_id)))


class MergeUndoView(ApiView):
    """Parting them."""

    scopes = {"post": Scope.MERGES_WRITE}

    @extend_schema(operation_id="merge_undo", request=None, responses={200: MergeOut}, tags=["Merging"])
    def post(self, request: Request, merge_id: UUID) -> Response:
        """Part two people again, within 30 days. Twice is once.

        What somebody touched since stays where it is and is told; no yes comes back over a no.
        """
        get_merge(merge_id)
        return answer(MergeOut, _merge(undo_merge(merge_id, actor=self.member, now=now())))


def _merge(made: MergeOperation) -> dict[str, Any]:
    shown = {
        "id": made.pk,
        "contact_id": made.winner_id,
        "merged_id": made.loser_id,
        "merged_at": made.merged_at,
        "undo_until": parted_until(made),
        "undone_at": made.reverted_at,
        "stayed": made.report.get("stayed", 0),
        "kept": made.report.get("kept", []),
    }
    return dict(MergeOut(shown).data)


def _printed(contact: Contact) -> Any:
    """How somebody stands now, as they are answered everywhere."""
    return orjson.loads(contact_row(contact.pk).json)
