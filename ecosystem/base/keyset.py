"""Paging by key: page 1 and page 100,000 cost the same, and no row is counted."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ecosystem.base.errors import Invalid
from ecosystem.base.tenancy import business_scope, current_business_id

M = TypeVar("M", bound=models.Model)
T = TypeVar("T")

LARGEST_PAGE = 200
BY_ID = ("-id",)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, and where the rows after and before them begin (None at the ends)."""

    items: list[T]
    next_cursor: str | None
    previous_cursor: str | None


def keyset_page(
    queryset: models.QuerySet[M],
    order: Sequence[str] = ("-created_at", "-id"),
    cursor: str | None = None,
    limit: int = 50,
    *,
    standing: Mapping[str, str] | None = None,
    read: Callable[[models.QuerySet[M]], models.QuerySet[M]] | None = None,
) -> Page[M]:
    """One page of a queryset in the given order, at the place a cursor names.

    The order names columns that are never null, and its last one is unique. A cursor that we did not make
    raises Invalid, code `bad_cursor`. `standing` says where the same values stand in a table that is joined, for
    columns whose order an index there gives. With `read` the keys of the page are found first, out of an index where
    it holds the order, and only then its rows, as `read` says; that goes by columns of the model itself.
    """
    limit = max(1, min(limit, LARGEST_PAGE))
    backwards, values = _read(queryset.model, order, cursor) if cursor else (False, None)
    asked = [_standing(name, standing or {}) for name in order]
    shown = [_turned(name) for name in asked] if backwards else asked
    found = queryset.order_by(*shown)
    if values is not None:
        found = found.filter(_beyond(shown, values))
        if standing and order[0].lstrip("-") == "id":
            # Both sides of the join begin there: neither is read from its end.
            own = [_turned(name) for name in order] if backwards else order
            found = found.filter(_beyond(own, values))
    found = found[: limit + 1]
    if read is not None:
        found = read(queryset.model._default_manager.filter(pk__in=found.values("pk"))).order_by(*shown)
    return _page(list(found), order, limit, backwards=backwards, is_first=values is None)


def page_by_id(
    model: type[models.Model],
    read: Callable[[UUID | None, bool, int], list[T]],
    cursor: str | None = None,
    limit: int = 50,
) -> "Page[T]":
    """One page of rows that are read by hand, the newest id first, with the cursors of `keyset_page`.

    `read(beyond, upwards, limit)` gives the rows below an id, the highest first, or (upwards) above it, the lowest
    first; without an id from the end. Each row has an `id`.
    """
    limit = max(1, min(limit, LARGEST_PAGE))
    backwards, values = _read(model, BY_ID, cursor) if cursor else (False, None)
    found = read(values[0] if values else None, backwards, limit + 1)
    return _page(found, BY_ID, limit, backwards=backwards, is_first=values is None)


def _page(found: list[T], order: Sequence[str], limit: int, *, backwards: bool, is_first: bool) -> "Page[T]":
    """A page from its rows and, where there are more in the direction of reading, the first of those."""
    has_more, items = len(found) > limit, found[:limit]
    if backwards:
        items.reverse()
    has_next = has_more if not backwards else True
    has_previous = has_more if backwards else not is_first
    return Page(
        items=items,
        next_cursor=_write(items[-1], order, backwards=False) if items and has_next else None,
        previous_cursor=_write(items[0], order, backwards=True) if items and has_previous else None,
    )


def all_pages(
    queryset: models.QuerySet[M], order: Sequence[str] = ("id",), limit: int = LARGEST_PAGE
) -> Iterator[list[M]]:
    """Every row of a queryset of the current business, page by page, for streams and long work.

    Call it inside the business and read it anywhere: each page is fetched in a scope of its own, so no transaction
    is open between pages, and none while a slow reader takes its time.
    """
    return _each_page(current_business_id(), queryset, order, limit)


def _each_page(business_id: int, queryset: models.QuerySet[M], order: Sequence[str], limit: int) -> Iterator[list[M]]:
    cursor: str | None = None
    while True:
        with business_scope(business_id):
            page = keyset_page(queryset.all(), order, cursor, limit)
        if page.items:
            yield page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def cursor_after(item: models.Model, order: Sequence[str]) -> str:
    """Where the rows after this one begin, for a list whose first page was read by other means."""
    return _write(item, order, backwards=False)


def _standing(name: str, standing: Mapping[str, str]) -> str:
    column = name.lstrip("-")
    return name.removesuffix(column) + standing.get(column, column)


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows after the given ones: an outer bound that an index understands, then the exact order."""
    names = [name.lstrip("-") for name in order]
    signs = ["lt" if name.startswith("-") else "gt" for name in order]
    after = Q()
    for position, (name, sign, value) in enumerate(zip(names, signs, values, strict=True)):
        same = Q(**dict(zip(names[:position], values[:position], strict=True)))
        after |= same & Q(**{f"{name}__{sign}": value})
    return Q(**{f"{names[0]}__{signs[0]}e": values[0]}) & after


def _write(item: object, order: Sequence[str], *, backwards: bool) -> str:
    values = [_plain(_value(item, name.lstrip("-"))) for name in order]
    text = json.dumps(["b" if backwards else "f", *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _value(item: Any, name: str) -> Any:
    for part in name.split("__"):
        item = getattr(item, part)
    return item


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value if isinstance(value, int) else str(value)


def _read(model: type[models.Model], order: Sequence[str], cursor: str) -> tuple[bool, list[Any]]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        way, *values = json.loads(text)
        fields = [_field(model, name.lstrip("-")) for name in order]
        if way not in ("f", "b") or not all(_is_ours(value) for value in values):
            raise ValueError(way)
        return way == "b", [field.to_python(value) for field, value in zip(fields, values, strict=True)]
    except (ValueError, TypeError, ValidationError, binascii.Error, OverflowError, RecursionError) as error:
        raise Invalid("bad_cursor", _("This place in the list is not known; start at the first page."), "cursor") from (
            error
        )


def _is_ours(value: Any) -> bool:
    """Whether a value can have come out of a column; a lone surrogate raises ValueError."""
    if isinstance(value, str):
        return b"\x00" not in value.encode()
    return isinstance(value, int)


def _field(model: Any, name: str) -> Any:
    *path, last = name.split("__")
    for part in path:
        model = model._meta.get_field(part).related_model
    field = model._meta.get_field(last)
    return field.output_field if isinstance(field, models.GeneratedField) else field
