"""After a list came in: differences to settle, rows to mend, and taking all of it back."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.import_checks import need_scopes_of
from contacts.api.imports import ImportOut, ImportProblemOut, ImportRowIn
from contacts.models import DIFFERING, Import, ImportChange
from contacts.queries.import_reviews import (
    Difference,
    differences_page,
    get_problem,
    kept_page,
    refuse_strange_differences,
)
from contacts.queries.imports import get_import
from contacts.services.import_changes import MOST_AT_ONCE, answer_all, answer_changes
from contacts.services.import_problems import hold_problem, leave_problem, mend_problem
from contacts.services.import_undo import undo_import
from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid
from ecosystem.rest.base import (
    ApiView,
    In,
    Out,
    Paging,
    answer,
    answer_items,
    etag,
    example,
    expect_version,
    page_of,
)
from ecosystem.scopes import Scope

FIELDS = [(name, name) for name in DIFFERING]
DIFFERENCE = "0199f3a3-1626-77db-94ff-d3c180bf6cba"
ANA = "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10"


class DifferingOut(Out):
    """One field in which the list and what you have are not the same."""

    field = serializers.ChoiceField(choices=FIELDS)
    ours = serializers.CharField(allow_blank=True)
    theirs = serializers.CharField(allow_blank=True, help_text="What the list says.")


@example(
    {
        "id": DIFFERENCE,
        "line": 2,
        "contact_id": ANA,
        "name": "Ana Ruiz",
        "fields": [{"field": "phone", "ours": "+12025550123", "theirs": "+12025550188"}],
    }
)
class DifferenceOut(Out):
    """A person whom you have already and of whom the list tells otherwise; without fields where both agree by now."""

    id = serializers.UUIDField()
    line = serializers.IntegerField(help_text="Line 1 names the columns, so the first row is line 2.")
    contact_id = serializers.UUIDField()
    name = serializers.CharField()
    fields = DifferingOut(many=True)


class AnswerIn(In):
    """What to take of one person."""

    difference_id = serializers.UUIDField()
    take = serializers.ListField(
        child=serializers.ChoiceField(choices=FIELDS), max_length=len(FIELDS), help_text="The rest stays yours."
    )


@example({"answers": [{"difference_id": DIFFERENCE, "take": ["phone"]}]})
class AnswersIn(In):
    """An answer for each of some people, or one for all who still wait."""

    answers = AnswerIn(many=True, required=False, min_length=1, max_length=MOST_AT_ONCE)
    all = serializers.ChoiceField(choices=[("theirs", "theirs"), ("ours", "ours")], required=False)

    def validate(self, attrs: Any) -> Any:
        """One or the other."""
        if ("answers" in attrs) == ("all" in attrs):
            raise serializers.ValidationError({"answers": ["Send answers or all, one of them."]})
        return attrs


@example({"email": "cleo@example.com"})
class MendIn(ImportRowIn):
    """The cells of a row that are to be read otherwise; those that are not sent stay as they are."""

    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The version you read; If-Match does the same."
    )


@example({"is_in": True, "problem": None})
class MendedOut(Out):
    """Whether the row is in; else what is still wrong with it."""

    is_in = serializers.BooleanField()
    problem = ImportProblemOut(allow_null=True)


@example({"contact_id": ANA, "name": "Ana Ruiz", "why": "edited", "title": "Somebody changed them since."})
class KeptOut(Out):
    """Somebody of whom something could not be taken back."""

    contact_id = serializers.UUIDField()
    name = serializers.CharField()
    why = serializers.ChoiceField(choices=ImportChange.Why.choices)
    title = serializers.CharField(help_text="Why, in a sentence.")


class ImportDifferenceListView(ApiView):
    """What differs."""

    scopes = {"get": Scope.IMPORTS_READ}

    @extend_schema(
        operation_id="import_difference_list", parameters=[Paging], responses=page_of(DifferenceOut), tags=["Imports"]
    )
    def get(self, request: Request, import_id: UUID) -> Response:
        """People you have already of whom a list with `known` as `ask` tells otherwise: yours beside the list's.

        Nothing of them changes until you answer.
        """
        asked: dict[str, Any] = self.asked(Paging)
        page = differences_page(get_import(import_id), asked.get("cursor"), limit=asked["limit"], in_words=False)
        return answer_items(page, [_difference(one) for one in page.items])


class ImportAnswerListView(ApiView):
    """Settling it."""

    scopes = {"post": Scope.IMPORTS_WRITE}

    @extend_schema(operation_id="import_answer_add", request=AnswersIn, responses=ImportOut, tags=["Imports"])
    def post(self, request: Request, import_id: UUID) -> Response:
        """Take the list's word for the fields you name, of up to 200 people; the rest of each stays yours.

        `all` answers for everybody who still waits; for many of them in the background: then `is_at_work` is true.
        Nobody moves down on the ladder. To take rungs needs the scope `stages:write` as well.
        """
        given = self.read(AnswersIn)
        imported, answers = get_import(import_id), given.get("answers", [])
        if given.get("all") == "theirs" or any("stage" in one["take"] for one in answers):
            self.need_scope(Scope.STAGES_WRITE)
        if "all" in given:
            answer_all(import_id, answer=given["all"], actor=self.member, now=now())
        else:
            chosen = {one["difference_id"]: one["take"] for one in answers}
            refuse_strange_differences(imported, chosen)
            answer_changes(import_id, chosen, actor=self.member, now=now())
        return answer(ImportOut, get_import(import_id))


class ImportProblemView(ApiView):
    """One row that was not taken."""

    scopes = {"get": Scope.IMPORTS_READ, "patch": Scope.IMPORTS_WRITE, "delete": Scope.IMPORTS_WRITE}

    @extend_schema(operation_id="import_problem_read", responses=ImportProblemOut, tags=["Imports"])
    def get(self, request: Request, import_id: UUID, problem_id: UUID) -> Response:
        """One row that was not taken, with the version as ETag."""
        self.asked(In)
        problem = get_problem(import_id, problem_id)
        return answer(ImportProblemOut, problem, ETag=etag(problem.version))

    @extend_schema(operation_id="import_problem_mend", request=MendIn, responses=MendedOut, tags=["Imports"])
    def patch(self, request: Request, import_id: UUID, problem_id: UUID) -> Response:
        """Read a row again with the cells you send, and bring its person in.

        Where it still cannot be taken it stays among the problems as it is written now, with the sentence that says
        why. In a list that tells of a yes this needs the scope `consents:write`, for a rung in one that changes known
        people `stages:write`. From an older `version` it is a 409, with an older If-Match a 412: somebody else wrote
        into the row meanwhile; both tell how it stands now. A row that is in already is a 404.
        """
        given = self.read(MendIn)
        version = given.pop("version", None)
        imported = get_import(import_id)
        get_problem(import_id, problem_id)
        need_scopes_of(self, imported, [meaning for meaning, cell in given.items() if cell])
        cells = _cells(imported, given)
        self._expect_version(import_id, problem_id, version=version)
        still = mend_problem(import_id, problem_id, cells)
        headers = {"ETag": etag(still.version)} if still is not None else {}
        return answer(MendedOut, {"is_in": still is None, "problem": still}, **headers)

    def _expect_version(self, import_id: UUID, problem_id: UUID, *, version: int | None = None) -> None:
        """Refuse what was decided by an older copy of the row, which is held for that."""
        if version is not None or "If-Match" in self.request.headers:
            _imported, held = hold_problem(import_id, problem_id)
            expect_version(self.request, held.version, current=ImportProblemOut(held).data, given=version)

    @extend_schema(operation_id="import_problem_leave", responses={204: None}, tags=["Imports"])
    def delete(self, request: Request, import_id: UUID, problem_id: UUID) -> Response:
        """Leave a row out for good. With an older If-Match it is a 412: somebody else wrote into it meanwhile."""
        get_problem(import_id, problem_id)
        self._expect_version(import_id, problem_id)
        leave_problem(import_id, problem_id)
        return Response(status=204)


class ImportUndoView(ApiView):
    """Taking one back."""

    scopes = {"post": Scope.IMPORTS_WRITE}

    @extend_schema(operation_id="import_undo", request=None, responses={202: ImportOut}, tags=["Imports"])
    def post(self, request: Request, import_id: UUID) -> Response:
        """Take a whole list back, within 30 days and in the background. Twice is once.

        Who came with it goes, whom it changed stands as before, a yes on its word alone holds no more. Whom somebody
        touched since stays, and is told among those who were kept. No stop is ever lifted.
        """
        get_import(import_id)
        undo_import(import_id, actor=self.member, now=now())
        return answer(ImportOut, get_import(import_id), status=202)


class ImportKeptListView(ApiView):
    """Who was kept."""

    scopes = {"get": Scope.IMPORTS_READ}

    @extend_schema(operation_id="import_kept_list", parameters=[Paging], responses=page_of(KeptOut), tags=["Imports"])
    def get(self, request: Request, import_id: UUID) -> Response:
        """Of whom something could not be taken back when a list was, and why."""
        asked: dict[str, Any] = self.asked(Paging)
        page = kept_page(get_import(import_id), asked.get("cursor"), limit=asked["limit"])
        return answer_items(page, [_kept(one) for one in page.items])


def _cells(imported: Import, given: dict[str, str]) -> dict[int, str]:
    """What is sent, by the places of its columns."""
    places = {meaning: int(place) for place, meaning in imported.mapping.items()}
    for meaning in given:
        if meaning not in places:
            raise Invalid("column_unknown", "This list has no such column.", field=meaning)
    return {places[meaning]: text for meaning, text in given.items()}


def _difference(one: Difference) -> dict[str, Any]:
    return dict(
        DifferenceOut(
            {
                "id": one.id,
                "line": one.line,
                "contact_id": one.contact.pk,
                "name": one.contact.display_name,
                "fields": [{"field": field.key, "ours": field.ours, "theirs": field.theirs} for field in one.fields],
            }
        ).data
    )


def _kept(one: ImportChange) -> dict[str, Any]:
    return {
        "contact_id": one.contact_id,
        "name": one.contact.display_name,
        "why": one.why,
        "title": one.get_why_display(),
    }
