"""What stands in the address of the list of everyone."""

from collections.abc import Collection
from uuid import UUID

from django.http import QueryDict

from contacts.models import Channel, Contact
from contacts.queries.people_filter import NOBODY, ORDERS, TOUCHES, PeopleFilter
from ecosystem.models import LADDER, Kind

LONGEST_BEGINNING = 120
LONGEST_SHOWN = 40
# The names that narrow the list, as an address and the form of a change to many people write them.
FILTERS = ("kind", "stage", "tag", "said", "owner", "touched", "source", "organization", "q", "sort")
PLACES = ("cursor", "count")


class FilterNotUnderstood(Exception):
    """A filter in the address means nothing here: `name` says which, `value` what it said.

    A name that there is no filter for stands as `unknown`, with that name as its value; `is_hidden` where it asks for
    something that whoever asks may not see.
    """

    def __init__(self, name: str, value: str, *, is_hidden: bool = False) -> None:
        super().__init__(name, value)
        self.is_hidden = is_hidden
        self.name = name
        self.value = value[:LONGEST_SHOWN]


def read_address(query: QueryDict) -> PeopleFilter:
    """The filter that an address asks for; raises FilterNotUnderstood for the first part that means nothing."""
    for name in query:
        if name not in FILTERS and name not in PLACES:
            raise FilterNotUnderstood("unknown", name)
        if len(query.getlist(name)) > 1:
            raise FilterNotUnderstood("twice", name)
    if query.get("count", "1") != "1":
        raise FilterNotUnderstood("unknown", "count")
    return read_filter(query)


def read_filter(query: QueryDict) -> PeopleFilter:
    """The filter among what was sent, which may hold other things beside it."""
    channel, topic_id = _said(query)
    return PeopleFilter(
        kind=_one_of(query, "kind", Kind.values),
        stage=_one_of(query, "stage", [str(rung) for rung in LADDER]),
        tag_id=_id(query, "tag"),
        channel=channel,
        topic_id=topic_id,
        owner=NOBODY if query.get("owner") == NOBODY else str(_id(query, "owner") or ""),
        touched=_one_of(query, "touched", TOUCHES),
        source=_one_of(query, "source", Contact.Source.values),
        organization_id=_id(query, "organization"),
        begins=_begins(query),
        sort=_one_of(query, "sort", ORDERS) or "newest",
    )


def _one_of(query: QueryDict, name: str, choices: Collection[str]) -> str:
    value = query.get(name, "")
    if value and value not in choices:
        raise FilterNotUnderstood(name, value)
    return value


def _id(query: QueryDict, name: str) -> UUID | None:
    value = query.get(name, "")
    try:
        return UUID(value) if value else None
    except ValueError as error:
        raise FilterNotUnderstood(name, value) from error


def _said(query: QueryDict) -> tuple[str, UUID | None]:
    """Whom may be written to: a channel and a topic, as `email:<id>`."""
    value = query.get("said", "")
    if not value:
        return "", None
    channel, _colon, topic = value.partition(":")
    try:
        if channel in Channel.values:
            return channel, UUID(topic)
    except ValueError:
        pass
    raise FilterNotUnderstood("said", value)


def _begins(query: QueryDict) -> str:
    begins = query.get("q", "").strip()
    if len(begins) > LONGEST_BEGINNING or "\x00" in begins:
        raise FilterNotUnderstood("q", begins.replace("\x00", ""))
    return begins
