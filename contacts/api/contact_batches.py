"""Many people in one call, with an answer for each."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.contacts import ANA, ContactIn
from contacts.services.contact_batches import MOST_ROWS, Outcome, RowResult, WhenKnown, save_rows
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError, Invalid
from ecosystem.rest.base import ApiView, In, Out, answer, example
from ecosystem.rest.errors import sentences_by_field
from ecosystem.scopes import Scope

NEEDS_A_LOOK = "Some fields need another look."


class BatchRowIn(ContactIn):
    """Somebody new or, with an id, somebody you have: then the fields that are sent are changed."""

    id = serializers.UUIDField(required=False)
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The version you read; an older one is refused."
    )


@extend_schema_field(BatchRowIn(many=True))
class RowsField(serializers.ListField):
    """Rows, each read by itself: one that is not right does not spoil the others."""


@example(
    {
        "rows": [
            {**ANA, "email": "bea@example.com", "display_name": "Bea Ruiz", "given_name": "Bea"},
            {"given_name": "Cleo", "email": "cleo@example", "tags": ["Regular"]},
        ],
        "when_known": "update",
    }
)
class BatchIn(In):
    """People to add or to change, at most 100."""

    rows = RowsField(min_length=1, max_length=MOST_ROWS)
    when_known = serializers.ChoiceField(
        choices=[(one.value, one.value) for one in WhenKnown],
        required=False,
        default=WhenKnown.REFUSE.value,
        help_text="What to do with a row without an id whose address somebody has.",
    )


class RowOut(Out):
    """What became of one row."""

    row = serializers.IntegerField(help_text="Its place in what was sent, from 0.")
    outcome = serializers.ChoiceField(choices=[(one.value, one.value) for one in Outcome])
    contact_id = serializers.UUIDField(
        allow_null=True, help_text="Who it is; for a refused row who has the address, or null."
    )
    code = serializers.CharField(help_text="Why it was refused, for programs; empty otherwise.")
    title = serializers.CharField(help_text="Why it was refused, in a sentence.")
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


@example(
    {
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "refused": 1,
        "rows": [
            {
                "row": 0,
                "outcome": "created",
                "contact_id": "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10",
                "code": "",
                "title": "",
                "errors": {},
            },
            {
                "row": 1,
                "outcome": "refused",
                "contact_id": None,
                "code": "email_invalid",
                "title": "This does not look like an email address.",
                "errors": {"email": ["This does not look like an email address."]},
            },
        ],
    }
)
class BatchOut(Out):
    """What became of the rows, in their order."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    rows = RowOut(many=True)


class ContactBatchView(ApiView):
    """Many people."""

    scopes = {"post": Scope.CONTACTS_WRITE}

    @extend_schema(operation_id="contact_batch", request=BatchIn, responses={200: BatchOut}, tags=["People"])
    def post(self, request: Request) -> Response:
        """Add or change up to 100 people in one call. Each row is taken or refused by itself.

        The answer has a line for each row, in their order; a refused row says why, and changes nothing. Send an
        Idempotency-Key: then a call that broke off on the way can be sent again.
        """
        given = self.read(BatchIn)
        read = [_read_row(row) for row in given["rows"]]
        good = [row for row in read if not isinstance(row, RowResult)]
        saved = iter(save_rows(good, when_known=given["when_known"], actor=self.member, now=now()))
        results = [row if isinstance(row, RowResult) else next(saved) for row in read]
        counts = {str(one): sum(result.outcome is one for result in results) for one in Outcome}
        lines = [_line(number, result) for number, result in enumerate(results)]
        return answer(BatchOut, {**counts, "rows": lines})


class _Unreadable(Invalid):
    """A row whose shape is wrong, with what is wrong by field."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("invalid", NEEDS_A_LOOK)
        self.errors = dict(errors)


def _read_row(row: Any) -> dict[str, Any] | RowResult:
    found = BatchRowIn(data=row)
    if found.is_valid():
        return dict(found.validated_data)
    return RowResult(Outcome.REFUSED, error=_Unreadable(sentences_by_field(found.errors)))


def _line(number: int, result: RowResult) -> dict[str, Any]:
    error = result.error
    return {
        "row": number,
        "outcome": result.outcome,
        "contact_id": result.contact_id,
        "code": error.code if error else "",
        "title": str(error) if error else "",
        "errors": _errors(error),
    }


def _errors(error: DomainError | None) -> dict[str, list[str]]:
    if isinstance(error, _Unreadable):
        return error.errors
    return {error.field: [str(error)]} if error is not None and error.field else {}
