"""Lists that are brought in: sent as rows, watched, and what was not taken."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Import, Stage
from contacts.queries.import_reviews import undone_until
from contacts.queries.imports import get_import, import_rows_kept, problems_of
from contacts.queries.topics import get_open_topic
from contacts.services.import_waiting import go_on
from contacts.services.imports import cancel_import
from contacts.services.row_lists import MOST_ROWS, import_rows
from contacts.services.tags import LONGEST_TAG, MOST_TAGS
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, example, page_of
from ecosystem.scopes import Scope

CELL = 500


class ImportRowIn(In):
    """One person; an address, a phone or a name is enough."""

    given_name = serializers.CharField(required=False, allow_blank=True, max_length=CELL)
    family_name = serializers.CharField(required=False, allow_blank=True, max_length=CELL)
    full_name = serializers.CharField(required=False, allow_blank=True, max_length=CELL)
    email = serializers.CharField(required=False, allow_blank=True, max_length=CELL)
    phone = serializers.CharField(required=False, allow_blank=True, max_length=CELL)
    postal = serializers.CharField(
        required=False, allow_blank=True, max_length=CELL, help_text="The postal address, or its parts one by one."
    )
    street = serializers.CharField(required=False, allow_blank=True, max_length=CELL)
    street_more = serializers.CharField(required=False, allow_blank=True, max_length=CELL, help_text="A second line.")
    city = serializers.CharField(required=False, allow_blank=True, max_length=CELL)
    region = serializers.CharField(required=False, allow_blank=True, max_length=CELL, help_text="A state or the like.")
    postcode = serializers.CharField(required=False, allow_blank=True, max_length=CELL)
    country = serializers.CharField(required=False, allow_blank=True, max_length=CELL)
    organization = serializers.CharField(required=False, allow_blank=True, max_length=CELL)
    tags = serializers.CharField(required=False, allow_blank=True, max_length=CELL, help_text="Parted by commas.")
    stage = serializers.CharField(required=False, allow_blank=True, max_length=CELL, help_text="Your word for a rung.")
    yes = serializers.CharField(
        required=False, allow_blank=True, max_length=CELL, help_text="yes or no, for rule column."
    )
    yes_date = serializers.CharField(required=False, allow_blank=True, max_length=CELL, help_text="When they said yes.")


class ListIn(In):
    """What holds for all people of a list. Without a proof nobody is written to."""

    stage = serializers.ChoiceField(choices=Stage.choices, required=False, default=Stage.SUSPECT)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_TAG), required=False, max_length=MOST_TAGS, default=list
    )
    known = serializers.ChoiceField(
        choices=Import.Known.choices,
        required=False,
        default=Import.Known.SKIP,
        help_text="What to do with known people.",
    )
    rule = serializers.ChoiceField(
        choices=[("none", "none"), ("all", "all"), ("column", "column")],
        required=False,
        default="none",
        help_text="Who said yes to letters: nobody, all of them, or those whose `yes` says so.",
    )
    topic_id = serializers.UUIDField(required=False, allow_null=True, help_text="Needed for a yes.")
    source = serializers.CharField(
        required=False, allow_blank=True, max_length=160, help_text="Where they said it; needed for a yes."
    )
    said_on = serializers.DateField(required=False, allow_null=True, help_text="The day; or `yes_date` in each row.")
    check_first = serializers.BooleanField(
        required=False, default=False, help_text="Bring in nobody yet: tell in `check` what would become of the list."
    )

    def validate(self, attrs: Any) -> Any:
        """A yes comes with what it is to, and where it was said."""
        needed = ("topic_id", "source") if attrs["rule"] != "none" else ()
        missing = [name for name in needed if not attrs.get(name)]
        if missing:
            required = serializers.Field.default_error_messages["required"]
            raise serializers.ValidationError({name: [required] for name in missing})
        return attrs


@example(
    {
        "name": "Spring fair",
        "rows": [
            {"full_name": "Bea Ruiz", "email": "bea@example.com", "postal": "12 Mill Lane\nMarlow Bend, NY 10001"},
            {"full_name": "Cleo Marsh", "email": "cleo@@example"},
        ],
        "stage": "suspect",
        "tags": ["Fair"],
        "rule": "none",
    }
)
class ImportIn(ListIn):
    """Rows to bring in, with what these people said. Without a proof nobody is written to."""

    name = serializers.CharField(max_length=200, help_text="What the list is called.")
    rows = serializers.ListField(child=ImportRowIn(), min_length=1, max_length=MOST_ROWS)


class UndoneOut(Out):
    """What became of a list that was taken back."""

    removed = serializers.IntegerField(help_text="People who came with it and are gone again.")
    restored = serializers.IntegerField(help_text="Known people who stand as before.")
    kept = serializers.IntegerField(help_text="Whom somebody touched since, and who stay; see `kept`.")
    yeses = serializers.IntegerField(help_text="Yeses that stood on its word alone, and hold no more.")
    firms = serializers.IntegerField(help_text="Organizations that came with it and are gone again.")


@example(
    {
        "id": "0199f3a2-f4c6-75b9-b2dd-b1af6e9d4a98",
        "name": "Spring fair",
        "state": "running",
        "rows": 2,
        "done": 0,
        "added": 0,
        "known": 0,
        "problems": 0,
        "without_room": 0,
        "permitted": 0,
        "changed": 0,
        "asked": 0,
        "is_at_work": True,
        "message": "",
        "created_at": "2026-01-31T09:00:00Z",
        "ended_at": None,
        "undo_until": None,
        "undo_asked_at": None,
        "undone": {"removed": 0, "restored": 0, "kept": 0, "yeses": 0, "firms": 0},
    }
)
class ImportOut(Out):
    """A list and what has become of it so far."""

    id = serializers.UUIDField()
    name = serializers.CharField(source="file_name")
    state = serializers.ChoiceField(choices=Import.State.choices)
    rows = serializers.IntegerField(source="row_count")
    done = serializers.SerializerMethodField(help_text="How many rows were read.")
    added = serializers.IntegerField(source="added_count")
    known = serializers.IntegerField(source="known_count", help_text="How many you had already.")
    problems = serializers.IntegerField(source="problem_count", help_text="How many rows were not taken.")
    without_room = serializers.IntegerField(
        source="roomless_count",
        help_text="How many of these wait because you have as many people as you may (`no_room`).",
    )
    permitted = serializers.IntegerField(source="permitted_count", help_text="How many may be written to by this list.")
    changed = serializers.IntegerField(source="changed_count", help_text="How many known people it has changed.")
    asked = serializers.IntegerField(
        source="asked_count", help_text="How many known people wait for a word among its differences."
    )
    is_at_work = serializers.SerializerMethodField(help_text="Whether something is being done with it this moment.")
    message = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    undo_until = serializers.SerializerMethodField(help_text="Until when it can be taken back; null where it cannot.")
    undo_asked_at = serializers.DateTimeField(allow_null=True, help_text="When somebody had it taken back.")
    undone = serializers.SerializerMethodField(help_text="What a taking back has done so far.")

    def get_done(self, imported: Import) -> int:
        """From the job."""
        return imported.job.done if imported.job else 0

    def get_is_at_work(self, imported: Import) -> bool:
        """Whether its job goes on."""
        return imported.job is not None and not imported.job.is_over

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_undo_until(self, imported: Import) -> datetime | None:
        """The end of its thirty days."""
        return undone_until(imported)

    @extend_schema_field(UndoneOut)
    def get_undone(self, imported: Import) -> dict[str, int]:
        """Every count, also where it is none."""
        return {name: imported.undone.get(name, 0) for name in UndoneOut().fields}

    def get_message(self, imported: Import) -> str:
        """The sentence at its end."""
        return imported.job.message if imported.job else ""


@example(
    {
        "id": "0199f3a3-0515-76ca-83ee-c2b07fae5ba9",
        "line": 3,
        "code": "email_invalid",
        "title": "The address cleo@@example is not complete.",
        "row": ["Cleo Marsh", "cleo@@example"],
        "version": 1,
    }
)
class ImportProblemOut(Out):
    """A row that was not taken."""

    id = serializers.UUIDField()
    line = serializers.IntegerField(help_text="Line 1 names the columns, so the first row is line 2.")
    code = serializers.CharField()
    title = serializers.CharField(source="sentence", help_text="Why, in a sentence.")
    row = serializers.ListField(child=serializers.CharField(allow_blank=True))
    version = serializers.IntegerField(help_text="Rises when somebody writes into the row; also as ETag.")


class ImportListView(ApiView):
    """Lists."""

    scopes = {"get": Scope.IMPORTS_READ, "post": Scope.IMPORTS_WRITE}

    @extend_schema(operation_id="import_list", parameters=[Paging], responses=page_of(ImportOut), tags=["Imports"])
    def get(self, request: Request) -> Response:
        """The lists that were brought in, by programs and on the pages, the newest first."""
        return answer_page(request, import_rows_kept(), ImportOut, order=("-id",), paging=self.asked(Paging))

    @extend_schema(operation_id="import_add", request=ImportIn, responses={202: ImportOut}, tags=["Imports"])
    def post(self, request: Request) -> Response:
        """Bring in up to 5,000 people, in the background. Ask for the list again to see how far it is.

        A row that cannot be taken stops no other; it stands among the problems with a sentence that says why. A list
        that tells of a yes needs the scope `consents:write` as well; one that names rungs for people whom you have
        already (`known` is `update`) needs `stages:write`.

        With `check_first` nobody comes in yet: `check` tells what would become of the list, `problems` which rows would
        not be taken, and `start` brings it in.
        """
        given = self.read(ImportIn)
        if given["rule"] != "none":
            self.need_scope(Scope.CONSENTS_WRITE)
        if given["known"] == Import.Known.UPDATE and any(row.get("stage") for row in given["rows"]):
            self.need_scope(Scope.STAGES_WRITE)
        topic_id = given.pop("topic_id", None)
        imported = import_rows(
            **given,
            topic=get_open_topic(topic_id) if topic_id else None,
            actor=self.member,
        )
        return told_of(imported)


class ImportView(ApiView):
    """One list."""

    scopes = {"get": Scope.IMPORTS_READ}

    @extend_schema(operation_id="import_read", responses=ImportOut, tags=["Imports"])
    def get(self, request: Request, import_id: UUID) -> Response:
        """One list: how far it is, and what has become of its rows."""
        self.asked(In)
        return answer(ImportOut, get_import(import_id))


class ImportProblemListView(ApiView):
    """The rows that were not taken."""

    scopes = {"get": Scope.IMPORTS_READ}

    @extend_schema(
        operation_id="import_problem_list", parameters=[Paging], responses=page_of(ImportProblemOut), tags=["Imports"]
    )
    def get(self, request: Request, import_id: UUID) -> Response:
        """The rows that were not taken, in the order of the list, each with a sentence that says why."""
        asked: dict[str, Any] = self.asked(Paging)
        rows = problems_of(get_import(import_id))
        return answer_page(request, rows, ImportProblemOut, order=("line", "id"), paging=asked)


class ImportGoOnView(ApiView):
    """Going on with one."""

    scopes = {"post": Scope.IMPORTS_WRITE}

    @extend_schema(operation_id="import_go_on", request=None, responses={202: ImportOut}, tags=["Imports"])
    def post(self, request: Request, import_id: UUID) -> Response:
        """Bring in those for whom there was no room, as far as there is now; in the background.

        Where nobody waits nothing happens. While there is no room it is a 409 `quota_people`.
        """
        get_import(import_id)
        go_on(import_id, actor=self.member)
        return answer(ImportOut, get_import(import_id), status=202)


class ImportStopView(ApiView):
    """Stopping one."""

    scopes = {"post": Scope.IMPORTS_WRITE}

    @extend_schema(operation_id="import_stop", request=None, responses={200: ImportOut}, tags=["Imports"])
    def post(self, request: Request, import_id: UUID) -> Response:
        """Stop a list after the rows that are being read. Who was brought in by then stays.

        One that was looked through and not started is put away. Twice is once; one that is in already, or could not be
        brought in, is a 409 `import_over`.
        """
        get_import(import_id)
        cancel_import(import_id)
        return answer(ImportOut, get_import(import_id))


def told_of(imported: Import) -> Response:
    """A list that was taken as it stands now, and where it is read."""
    where = reverse("contacts_api:import", kwargs={"import_id": imported.pk})
    return answer(ImportOut, get_import(imported.pk), status=202, Location=where)
