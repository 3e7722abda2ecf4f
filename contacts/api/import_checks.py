"""Before a list comes in: what would become of it, and its start."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.imports import ImportOut
from contacts.models import Import, ImportCheck
from contacts.queries.import_rows import permission_of
from contacts.queries.imports import get_check, get_import
from contacts.services.imports import start_import
from ecosystem.models import Job
from ecosystem.queries.quotas import usage_of
from ecosystem.rest.base import ApiView, In, Out, answer, example
from ecosystem.scopes import Scope


@example(
    {
        "import_id": "0199f3a2-f4c6-75b9-b2dd-b1af6e9d4a98",
        "state": "done",
        "rows": 2,
        "done": 2,
        "people": 1,
        "known": 0,
        "returning": 0,
        "permitted": 0,
        "problems": 1,
        "room": None,
        "message": "",
        "ended_at": "2026-01-31T09:00:02Z",
    }
)
class ImportCheckOut(Out):
    """What a list would become, counted so far as the import itself would match it. Nobody was changed."""

    import_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Job.State.choices)
    rows = serializers.IntegerField()
    done = serializers.IntegerField(help_text="How many rows were looked at.")
    people = serializers.IntegerField(help_text="How many people stand in them, each counted once.")
    known = serializers.IntegerField(help_text="How many of these you have already.")
    returning = serializers.IntegerField(help_text="How many of the known were taken away, and want a place again.")
    permitted = serializers.IntegerField(help_text="How many would get a yes that does not stand yet.")
    problems = serializers.IntegerField(
        help_text="How many rows would not be taken; `problems` of the list names them."
    )
    room = serializers.IntegerField(
        allow_null=True, help_text="How many more people you may have; null where nothing limits it."
    )
    message = serializers.CharField(allow_blank=True, help_text="Why it could not be looked through, where it failed.")
    ended_at = serializers.DateTimeField(allow_null=True)


class ImportCheckView(ApiView):
    """The look through a list."""

    scopes = {"get": Scope.IMPORTS_READ}

    @extend_schema(operation_id="import_check_read", responses=ImportCheckOut, tags=["Imports"])
    def get(self, request: Request, import_id: UUID) -> Response:
        """What would become of a list that was sent with `check_first`, and how far the look at it is.

        Nobody comes in by it. Ask again until `state` is `done`. Once the list is started, this is a 404.
        """
        self.asked(In)
        imported = get_import(import_id)
        return answer(ImportCheckOut, _counted(imported, get_check(imported)))


class ImportStartView(ApiView):
    """The start of a list that was looked through."""

    scopes = {"post": Scope.IMPORTS_WRITE}

    @extend_schema(operation_id="import_start", request=None, responses={202: ImportOut}, tags=["Imports"])
    def post(self, request: Request, import_id: UUID) -> Response:
        """Bring in a list that was sent with `check_first`, in the background. Twice is once.

        You need not wait for the end of the look. The scopes are those of sending it without `check_first`. A list that
        was put away, stopped, or could not be brought in is a 409 `import_over`.
        """
        imported = get_import(import_id)
        need_scopes_of(self, imported, imported.mapping.values())
        start_import(import_id, started_by=self.member)
        return answer(ImportOut, get_import(import_id), status=202)


def need_scopes_of(view: ApiView, imported: Import, meanings: Collection[str]) -> None:
    """Refuse a key that may not do what cells of these meanings do beside bringing in people: give a yes, or move known
    ones."""
    if permission_of(imported).is_given:
        view.need_scope(Scope.CONSENTS_WRITE)
    if imported.known == Import.Known.UPDATE and "stage" in meanings:
        view.need_scope(Scope.STAGES_WRITE)


def _counted(imported: Import, check: ImportCheck) -> dict[str, Any]:
    return {
        "import_id": imported.pk,
        "state": check.job.state,
        "rows": imported.row_count,
        "done": check.job.done,
        "people": check.people_count,
        "known": check.known_count,
        "returning": check.returning_count,
        "permitted": check.permitted_count,
        "problems": check.problem_count,
        "room": usage_of("people").room,
        "message": check.job.message,
        "ended_at": check.job.ended_at,
    }
