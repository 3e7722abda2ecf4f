"""One change to many people, with its progress, its stopping and its taking back."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.people_filter import KINDS
from contacts.models import BulkEdit, Channel, Contact, Stage
from contacts.queries.bulk import get_bulk_edit
from contacts.queries.organizations import get_organization
from contacts.queries.people_filter import TOUCHES, PeopleFilter, asks_by
from contacts.queries.people_list import known_count
from contacts.queries.tags import get_tag
from contacts.queries.topics import get_topic
from contacts.services.bulk import MOST_AT_ONCE, edit_chosen, edit_matching, undo_edit
from contacts.services.tags import LONGEST_TAG, ensure_tags
from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid
from ecosystem.models import Job
from ecosystem.queries.memberships import get_membership
from ecosystem.rest.base import ApiView, In, Out, answer, example
from ecosystem.scopes import Scope
from ecosystem.services.jobs import request_cancel


class MatchingIn(In):
    """Which people: all who are everything that is named here; an empty one is everybody."""

    kind = serializers.ChoiceField(choices=KINDS, required=False)
    tag_id = serializers.UUIDField(required=False)
    topic_id = serializers.UUIDField(required=False, help_text="Who said yes to it by email.")
    owner_id = serializers.UUIDField(required=False)
    organization_id = serializers.UUIDField(required=False)
    source = serializers.ChoiceField(choices=Contact.Source.choices, required=False)
    touched = serializers.ChoiceField(choices=[(one, one) for one in TOUCHES], required=False)


@example({"act": "tag", "tag": "Wholesale", "people": ["0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10"]})
class BulkEditIn(In):
    """What to do, and with whom: `people` by their ids, or all who are `matching`."""

    act = serializers.ChoiceField(choices=BulkEdit.Act.choices)
    tag = serializers.CharField(
        required=False, max_length=LONGEST_TAG, help_text="For tag and untag: the word, made where it is new."
    )
    owner_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="For owner: who of the team; null: nobody."
    )
    stage = serializers.ChoiceField(choices=Stage.choices, required=False, help_text="For stage: the rung.")
    people = serializers.ListField(child=serializers.UUIDField(), required=False, min_length=1, max_length=MOST_AT_ONCE)
    matching = MatchingIn(required=False)

    def validate(self, attrs: Any) -> Any:
        """With one or the other, and with what the act needs."""
        if ("people" in attrs) == ("matching" in attrs):
            raise serializers.ValidationError({"people": ["Send people or matching, one of them."]})
        needed = {"tag": "tag", "untag": "tag", "owner": "owner_id", "stage": "stage"}[attrs["act"]]
        if needed not in attrs:
            required = serializers.Field.default_error_messages["required"]
            raise serializers.ValidationError({needed: [required]})
        if odd := [name for name in ("tag", "owner_id", "stage") if name != needed and name in attrs]:
            raise serializers.ValidationError({name: ["This act does not take it."] for name in odd})
        return attrs


@example(
    {
        "id": "0199f3a2-e3b5-74a8-a1cc-a09e5d8c3f87",
        "act": "tag",
        "changed": 1,
        "undone": 0,
        "undo_asked_at": None,
        "state": "done",
        "done": 1,
        "total": 1,
        "message": "",
        "created_at": "2026-01-31T09:00:00Z",
    }
)
class BulkEditOut(Out):
    """A change to many people and how far it is."""

    id = serializers.UUIDField()
    act = serializers.ChoiceField(choices=BulkEdit.Act.choices)
    changed = serializers.IntegerField(help_text="How many people it has changed so far.")
    undone = serializers.IntegerField(help_text="How many of them stand as before again.")
    undo_asked_at = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(choices=Job.State.choices)
    done = serializers.IntegerField(help_text="How many people were looked at.")
    total = serializers.IntegerField(help_text="How many there are to look at; 0 where nobody has counted.")
    message = serializers.CharField(help_text="A sentence where it ended early.")
    created_at = serializers.DateTimeField()


class BulkEditListView(ApiView):
    """Changes to many people."""

    scopes = {"post": Scope.CONTACTS_WRITE}

    @extend_schema(
        operation_id="bulk_edit_add",
        request=BulkEditIn,
        responses={201: BulkEditOut, 202: BulkEditOut},
        tags=["Many people"],
    )
    def post(self, request: Request) -> Response:
        """Put a tag on many people or take it off, give them to somebody to look after, or move them on the ladder.

        Up to 200 `people` are changed at once (201); all who are `matching` in the background (202): ask for the
        change again to see how far it is. Moving people needs the scope stages:write beside.
        """
        given = self.read(BulkEditIn)
        if given["act"] == BulkEdit.Act.STAGE:
            self.need_scope(Scope.STAGES_WRITE)
        value = _value(given)
        if "people" in given:
            edit = edit_chosen(given["act"], value, given["people"], actor=self.member, now=now())
        else:
            wanted = self._wanted(given["matching"])
            edit = edit_matching(given["act"], value, wanted, actor=self.member, total=known_count(wanted) or 0)
        where = reverse("contacts_api:bulk_edit", kwargs={"edit_id": edit.pk})
        return answer(BulkEditOut, _shown(edit), status=202 if edit.job_id else 201, Location=where)

    def _wanted(self, given: dict[str, Any]) -> PeopleFilter:
        """The filter; by what is there, and what the maker of the key may see."""
        owner = given.pop("owner_id", None)
        channel = Channel.EMAIL.value if given.get("topic_id") else ""
        wanted = PeopleFilter(**given, owner=str(owner or ""), channel=channel)
        for _field, action in asks_by(wanted):
            self.need(action)
        for get, pk in (
            (get_tag, wanted.tag_id),
            (get_topic, wanted.topic_id),
            (get_membership, owner),
            (get_organization, wanted.organization_id),
        ):
            if pk:
                get(pk)  # type: ignore[operator]
        return wanted


class BulkEditView(ApiView):
    """One change."""

    scopes = {"get": Scope.CONTACTS_READ}

    @extend_schema(operation_id="bulk_edit_read", responses=BulkEditOut, tags=["Many people"])
    def get(self, request: Request, edit_id: UUID) -> Response:
        """How far a change is."""
        self.asked(In)
        return answer(BulkEditOut, _shown(get_bulk_edit(edit_id)))


class BulkEditUndoView(ApiView):
    """Taking one back."""

    scopes = {"post": Scope.CONTACTS_WRITE}

    @extend_schema(operation_id="bulk_edit_undo", request=None, responses={200: BulkEditOut}, tags=["Many people"])
    def post(self, request: Request, edit_id: UUID) -> Response:
        """Let everybody stand as before who still stands as the change left them.

        Twice is once, but for a taking back that was stopped or has failed: another time goes on with it.

        More than 200 people are taken back in the background.
        """
        edit = get_bulk_edit(edit_id)
        if edit.act == BulkEdit.Act.STAGE:
            self.need_scope(Scope.STAGES_WRITE)
        return answer(BulkEditOut, _shown(undo_edit(edit, actor=self.member, now=now())))


class BulkEditStopView(ApiView):
    """Stopping one."""

    scopes = {"post": Scope.CONTACTS_WRITE}

    @extend_schema(operation_id="bulk_edit_stop", request=None, responses={200: BulkEditOut}, tags=["Many people"])
    def post(self, request: Request, edit_id: UUID) -> Response:
        """Stop a change after those people who are being changed this moment. Who was changed stays so."""
        edit = get_bulk_edit(edit_id)
        if edit.job_id is not None:
            request_cancel(edit.job_id)
        return answer(BulkEditOut, _shown(get_bulk_edit(edit_id)))


def _value(given: dict[str, Any]) -> str:
    """The value of the act as it is kept: a tag's id, a member's id or nothing, a rung."""
    if given["act"] in (BulkEdit.Act.TAG, BulkEdit.Act.UNTAG):
        tags = ensure_tags([given["tag"]])
        if not tags:
            raise Invalid("tag_missing", "Write the word that you want on them, or off them.", field="tag")
        return str(tags[0].pk)
    if given["act"] == BulkEdit.Act.OWNER:
        return str(get_membership(given["owner_id"]).pk) if given["owner_id"] else ""
    return str(given["stage"])


def _shown(edit: BulkEdit) -> dict[str, Any]:
    job = edit.job
    return {
        "id": edit.pk,
        "act": edit.act,
        "changed": edit.changed_count,
        "undone": edit.undone_count,
        "undo_asked_at": edit.undo_asked_at,
        "state": job.state if job else Job.State.DONE,
        "done": job.done if job else edit.changed_count,
        "total": job.total if job else edit.changed_count,
        "message": job.message if job else "",
        "created_at": edit.created_at,
    }
