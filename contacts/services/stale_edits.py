"""Two people edit the same thing at once: what only one of them changed is kept, what both changed is asked about."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Details = TypeVar("Details", bound="DataclassInstance")


@dataclass(frozen=True)
class Difference:
    """A field that somebody else saved while this one was typed."""

    field: str
    theirs: str


def merge_edits(before: Details | None, theirs: Details, ours: Details) -> tuple[Details, Sequence[Difference]]:
    """Ours where only we changed a field, theirs where only they did, beside what both changed, each in their way.

    `before` is what we read; without it every field that differs is one that both changed.
    """
    merged = ours
    both = []
    for field in fields(ours):
        name = field.name
        was, there, here = (getattr(before or ours, name), getattr(theirs, name), getattr(ours, name))
        if here == there:
            continue
        if before is None or (was not in (here, there)):
            both.append(Difference(name, str(there if there is not None else "")))
        elif was == here:
            merged = replace(merged, **{name: there})
    return merged, both
