"""More rows of everything in a business: each row of a tenant table, copied as often as wished.

A copy points to the same rows as its original, so that what hangs on one person grows with it. Where a constraint lets
something be once only, one of its columns differs from copy to copy: a text gets a number, a day moves on, a row that
is pointed to is a copy of it with the same number. Of two such rows each second copy changes the one, the others the
other.
"""

from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError, models, transaction

from ecosystem.base.sql import execute
from ecosystem.models import Membership, User
from tests.house.routes import tenant_models

# What does not grow with a business, or is no row of any page.
NOT_COPIED = {
    "ecosystem.BusinessProfile": "one of a business",
    "ecosystem.KindSetting": "one of a kind",
    "ecosystem.Tally": "counts, folded together",
    "ecosystem.AuditSeal": "seals over entries, shown one by one",
    "contacts.SearchToken": "words that are cut from names; no page shows them",
    "campaigns.ProviderAccount": "one in use of a channel",
    "campaigns.ChannelRule": "one of a channel",
    "campaigns.TextSender": "one of a business",
}
# A second one may stand beside the first only so.
_COPY = "md5({column}::text || ':' || n)::uuid"
_TWIN = _COPY.format(column="one.second_id")
BESIDE = {
    "contacts.ContactPoint": {"is_primary": "false"},
    "contacts.DuplicateCandidate": {
        "first": f"least(one.first_id, {_TWIN})",
        "second": f"greatest(one.first_id, {_TWIN})",
    },
}


class ManyRows:
    """Copies of the rows that a business had when this was made."""

    def __init__(self) -> None:
        models_of_ours = [model for model in tenant_models() if model._meta.label not in NOT_COPIED]
        self.models = list(_parents_first(models_of_ours))
        self.originals = {model: list(model.objects.values_list("pk", flat=True)) for model in self.models}
        self.refused: dict[str, str] = {}

    def copy(self, first: int, last: int) -> None:
        """Copies number `first` to `last` of every row; what the database refuses is kept in `refused`."""
        for model in self.models:
            if model is Membership:
                _add_members(first, last)
            elif self.originals[model] and model._meta.label not in self.refused:
                try:
                    with transaction.atomic():
                        _insert(model, self.originals[model], first, last)
                except DatabaseError as error:
                    self.refused[model._meta.label] = str(error)


def _insert(model: Any, ids: list[Any], first: int, last: int) -> None:
    columns = {
        field.column: _value_of(model, field) for field in model._meta.local_concrete_fields if not field.generated
    }
    table, pk = model._meta.db_table, model._meta.pk.column
    statement = (
        f"INSERT INTO {table} ({', '.join(_quoted(name) for name in columns)}) SELECT {', '.join(columns.values())}"  # noqa: S608
        f" FROM {table} AS one, generate_series(%(first)s::int, %(last)s::int) AS n"
        f" WHERE one.business_id = %(business_id)s AND one.{_quoted(pk)} = ANY (%(ids)s::uuid[])"
    )
    execute(statement, {"first": first, "last": last, "ids": "{" + ",".join(map(str, ids)) + "}"})


def _quoted(name: str) -> str:
    return f'"{name}"'


def _value_of(model: Any, field: Any) -> str:
    """A column of a copy."""
    column = f"one.{_quoted(field.column)}"
    if field.primary_key:
        return _COPY.format(column=column)
    if field.name in BESIDE.get(model._meta.label, {}):
        return BESIDE[model._meta.label][field.name]
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            varying = _varying(model, constraint)
            if field in varying:
                share = f"n %% {len(varying)} = {varying.index(field)}"
                return f"CASE WHEN {share} THEN {_other(field, column)} ELSE {column} END"
    return column


def _varying(model: Any, constraint: models.UniqueConstraint) -> list[Any]:
    """The columns that can keep two copies apart: one that holds a word or a number, else all that point to rows."""
    fields = [model._meta.get_field(name) for name in constraint.fields if name != "business_id"]
    free = [one for one in fields if not one.choices and not one.is_relation and one.get_internal_type() in _OTHER]
    copied = [one for one in fields if one.is_relation and one.related_model._meta.label not in NOT_COPIED]
    return free[-1:] or copied


_OTHER = {
    "CharField": "left({column}, {room}) || ':' || n",
    "SlugField": "left({column}, {room}) || '-' || n",
    "TextField": "{column} || ':' || n",
    "DateField": "{column} + n",
    "PositiveIntegerField": "{column} + n * 100",
    "PositiveSmallIntegerField": "{column} + n * 100",
    "UUIDField": _COPY,
}


def _other(field: Any, column: str) -> str:
    if field.is_relation:
        return _COPY.format(column=column)
    return _OTHER[field.get_internal_type()].format(column=column, room=(field.max_length or 255) - 6)


def _parents_first(wanted: list[Any]) -> Iterator[Any]:
    """Each model after those that it points to, but for the one pair that points both ways."""
    seen: set[Any] = set()

    def walk(model: Any) -> Iterator[Any]:
        if model in seen or model not in wanted:
            return
        seen.add(model)
        for field in model._meta.local_fields:
            if field.is_relation:
                yield from walk(field.related_model)
        yield model

    for model in wanted:
        yield from walk(model)


def _add_members(first: int, last: int) -> None:
    """People with a login of their own, of staff."""
    users = [User(email=f"row-{number}@example.com", name=f"Row {number}") for number in range(first, last + 1)]
    for user in users:
        user.set_unusable_password()
    made = User.objects.bulk_create(users)
    Membership.objects.bulk_create([Membership(user=user, role="staff") for user in made])
