"""What stands in the address of the list of everyone."""

from uuid import UUID

from django.http import QueryDict

from contacts.queries.contacts import ORDERS, PeopleFilter
from ecosystem.models import Kind

LONGEST_BEGINNING = 120


class FilterNotUnderstood(Exception):
    """A filter in the address means nothing here: `name` says which, `value` what it said."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(name, value)
        self.name = name
        self.value = value


def read_filter(query: QueryDict) -> PeopleFilter:
    """The filter that an address asks for; raises FilterNotUnderstood for the first one that means nothing."""
    kind = query.get("kind", "")
    if kind and kind not in Kind.values:
        raise FilterNotUnderstood("kind", kind)
    sort = query.get("sort", "newest")
    if sort not in ORDERS:
        raise FilterNotUnderstood("sort", sort)
    begins = query.get("q", "").strip()
    if len(begins) > LONGEST_BEGINNING or "\x00" in begins:
        raise FilterNotUnderstood("q", begins.replace("\x00", "")[:LONGEST_BEGINNING])
    tag = query.get("tag", "")
    try:
        tag_id = UUID(tag) if tag else None
    except ValueError as error:
        raise FilterNotUnderstood("tag", tag) from error
    return PeopleFilter(kind=kind, tag_id=tag_id, begins=begins, sort=sort)
