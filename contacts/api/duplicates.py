"""Pairs of people who may be one: looked for, named, and remembered as two."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Contact
from contacts.queries.merges import REASONS, Pair, get_pair, last_search, pairs_page
from contacts.services.duplicates import search_duplicates
from contacts.services.merging import keep_apart
from ecosystem.base.clock import now
from ecosystem.models import Job
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_items, example, page_of
from ecosystem.scopes import Scope

ANA, ANNA = "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10", "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e11"


class PersonOut(Out):
    """Somebody, by id and name."""

    contact_id = serializers.UUIDField()
    name = serializers.CharField()


@example(
    {
        "id": "0199f3a3-2737-77ec-85aa-e4d291c07dcb",
        "people": [{"contact_id": ANA, "name": "Ana Ruiz"}, {"contact_id": ANNA, "name": "Anna Ruiz"}],
        "score": 80,
        "reasons": ["same_phone"],
    }
)
class PairOut(Out):
    """Two people who may be one, and what is equal of them."""

    id = serializers.UUIDField()
    people = PersonOut(many=True)
    score = serializers.IntegerField(help_text="How likely it is, up to 100.")
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=[(one, one) for one in REASONS]))


@example({"state": "waiting", "done": 0, "total": 4, "message": ""})
class SearchOut(Out):
    """A look at everybody for pairs."""

    state = serializers.ChoiceField(
        choices=Job.State.choices, allow_null=True, help_text="null where nobody has looked yet."
    )
    done = serializers.IntegerField(help_text="For how many of the ways to be alike everybody was looked at.")
    total = serializers.IntegerField(help_text="How many ways to be alike there are.")
    message = serializers.CharField(allow_blank=True)


class DuplicateListView(ApiView):
    """Pairs."""

    scopes = {"get": Scope.MERGES_READ}

    @extend_schema(operation_id="duplicate_list", parameters=[Paging], responses=page_of(PairOut), tags=["Merging"])
    def get(self, request: Request) -> Response:
        """Pairs of people who may be one, the likeliest first, as the last search found them."""
        asked: dict[str, Any] = self.asked(Paging)
        page = pairs_page(asked.get("cursor"), limit=asked["limit"])
        return answer_items(page, [_pair(one) for one in page.items])


class DuplicateSearchView(ApiView):
    """Looking for them."""

    scopes = {"get": Scope.MERGES_READ, "post": Scope.MERGES_WRITE}

    @extend_schema(operation_id="duplicate_search_read", responses=SearchOut, tags=["Merging"])
    def get(self, request: Request) -> Response:
        """How far the last search for pairs is."""
        self.asked(In)
        return answer(SearchOut, last_search() or {"state": None, "done": 0, "total": 0, "message": ""})

    @extend_schema(operation_id="duplicate_search", request=None, responses={202: SearchOut}, tags=["Merging"])
    def post(self, request: Request) -> Response:
        """Look at everybody anew, in the background. One search runs at a time."""
        return answer(SearchOut, search_duplicates(actor=self.member), status=202)


class DuplicateApartView(ApiView):
    """Saying that they are two."""

    scopes = {"post": Scope.MERGES_WRITE}

    @extend_schema(operation_id="duplicate_apart", request=None, responses={204: None}, tags=["Merging"])
    def post(self, request: Request, pair_id: UUID) -> Response:
        """Remember that these are two people: no search names them together again."""
        pair = get_pair(pair_id)
        keep_apart(pair.first_id, pair.second_id, now=now())
        return Response(status=204)


def _pair(one: Pair) -> dict[str, Any]:
    found = one.candidate
    return {
        "id": found.pk,
        "people": [_person(found.first), _person(found.second)],
        "score": found.score,
        "reasons": [why for why in found.reasons if why in REASONS],
    }


def _person(contact: Contact) -> dict[str, Any]:
    return {"contact_id": contact.pk, "name": contact.display_name}
