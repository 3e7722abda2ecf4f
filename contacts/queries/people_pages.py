"""A page of everyone who passes a filter: how it is found, so that it costs its lines and not all who are passed over.

- In the order of names, and of coming in, an index of what is said of people gives them in that order.
- When something last happened is kept with people alone, since it changes all the time. Few of whom something is said
  are looked up and sorted; of many the order is walked through, beside a table of their ids in memory; of very many
  the next fifty are never far. Both ways read nothing but an index, and the lines only once the page is known.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, FilteredRelation, Func, Q, QuerySet
from django.db.models.lookups import In

from contacts.models import ConsentState, Contact
from contacts.queries.people_filter import (
    BY_ID,
    BY_NAME,
    BY_TOUCH,
    ORDERS,
    PeopleFilter,
    beginning,
    is_of,
    narrowed,
    said_of,
)
from ecosystem.base.keyset import Page, keyset_page
from ecosystem.models import SIDE_KINDS
from ecosystem.queries.tallies import tally

# To look somebody up and sort them costs about twenty times what passing over them does: so few of a million.
FEW = 1_500
# More ids than this take a table in memory out of what a statement may have.
MANY = 100_000

Read = Callable[[QuerySet[Contact]], QuerySet[Contact]]


class _AmongFew(Func):
    """Whether an id is one of a few, which are looked up one by one."""

    template, arg_joiner = "%(expressions)s)", " = ANY("
    output_field = BooleanField()


class _AmongMany(Func):
    """Whether an id is one of many, of which a table is made in memory. `IS TRUE` keeps them from being joined."""

    template = "(%(expressions)s) IS TRUE"
    output_field = BooleanField()


def page_of(
    wanted: PeopleFilter,
    *,
    now: datetime,
    cursor: str | None,
    limit: int,
    read: Read = lambda people: people,
) -> Page[Contact]:
    """A page of the people who pass a filter, in its order, each once; a cursor that we did not make raises Invalid.

    `read` says what is read of them. The page is one statement; where the order is that of last touches and something
    else is asked of people, a small one before it reads how many these are.
    """
    order = ORDERS[wanted.order]
    said = said_of(wanted, now)
    if wanted.order in BY_TOUCH and said:
        people = narrowed(wanted, now).filter(*(_among(name, theirs, wanted) for name, theirs in said.items()))
        return keyset_page(people, order, cursor, limit, read=read)
    leads = _leads(wanted)
    if leads is None:
        people = narrowed(wanted, now).filter(*map(is_of, said.values()))
        return keyset_page(read(people), order, cursor, limit)
    standing = {"sort_name": "said_name", "id": "said_id"}
    return keyset_page(read(_led(wanted, now, said, *leads)), order, cursor, limit, standing=standing)


def _among(name: str, theirs: QuerySet[Any], wanted: PeopleFilter) -> Any:
    """That somebody is among those of whom something is said, asked in the way that suits their number."""
    ids = theirs.values("contact_id")
    count = _count_of(name, wanted)
    if count <= FEW:
        return _AmongFew(F("pk"), ArraySubquery(ids))
    return _AmongMany(In(F("pk"), ids)) if count <= MANY else is_of(theirs)


def _count_of(name: str, wanted: PeopleFilter) -> int:
    """Of how many something is said. No count is kept of the people of an organization, and of an address: few."""
    if name == "contact_tags":
        return tally("people_by_tag", str(wanted.tag_id))
    if name == "roles":
        return tally("people_by_role", wanted.kind)
    return tally("people_granted", f"{wanted.channel}:{wanted.topic_id}") if name == "consent_states" else 0


def _led(
    wanted: PeopleFilter, now: datetime, said: Mapping[str, QuerySet[Any]], relation: str, condition: Q
) -> QuerySet[Contact]:
    """People read where what is said of them is kept with their names, so that neither many nor few make it dearer."""
    # Beside a yes more is asked than stands in the index.
    beside = [is_of(theirs) for name, theirs in said.items() if name != relation or relation == "consent_states"]
    people = narrowed(wanted, now).filter(*beside)
    people = people.alias(said=FilteredRelation(relation, condition=condition)).filter(said__isnull=False)
    # Names of its columns: each further filter by way of the relation itself would join the table once more.
    people = people.alias(said_name=F("said__sort_name"), said_id=F("said__contact_id"))
    return people.filter(**beginning("said_name", wanted.begins)) if wanted.begins else people


def _leads(wanted: PeopleFilter) -> tuple[str, Q] | None:
    """The one thing said of people whose index leads a list in the order asked for: the rarest kind."""
    if wanted.order not in (*BY_NAME, *BY_ID) or "@" in wanted.begins:
        return None
    if wanted.organization_id:
        place = Q(affiliations__organization_id=wanted.organization_id, affiliations__ended_on=None)
        return ("affiliations", place) if wanted.order in BY_NAME else None
    if wanted.tag_id:
        return "contact_tags", Q(contact_tags__tag_id=wanted.tag_id)
    if wanted.kind in SIDE_KINDS:
        return "roles", Q(roles__kind=wanted.kind, roles__ended_at=None)
    if wanted.topic_id:
        said = {"topic_id": wanted.topic_id, "channel": wanted.channel, "state": ConsentState.State.GRANTED}
        return "consent_states", Q(**{f"consent_states__{name}": value for name, value in said.items()})
    return None
