"""A business of very many people beside a small one, and every way in which the list of everyone is asked for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import benchmarks
from contacts.models import Consent, Contact, Tag, Topic
from contacts.queries.contacts import get_contact, people_page
from contacts.queries.people_filter import ORDERS, PeopleFilter
from contacts.queries.people_pages import page_of
from contacts.services.organizations import add_organization
from contacts.services.topics import add_topic
from ecosystem.base.keyset import cursor_after
from ecosystem.base.sql import execute
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, Membership, User
from ecosystem.services.businesses import create_business
from tests.database import OWNER, fresh_databases

MANY = 1_000_000
FEW = 1_000
SLICE = 100_000

# `spread` is a number without an order, so that no filter goes along with the order of coming in.
_PEOPLE = """
INSERT INTO contacts_contact (id, business_id, given_name, family_name, display_name, sort_name, language, timezone,
                              stage, stage_since, fed_at, last_touch_at, owner_id, primary_email, primary_phone, source,
                              source_detail, do_not_contact)
SELECT uuidv7(), %(business_id)s, 'P' || n, md5(n::text), 'P' || n, md5(n::text), '', '',
       (ARRAY['suspect', 'suspect', 'suspect', 'prospect', 'prospect', 'client', 'client', 'advocate'])
           [1 + spread %% 8],
       now() - n * interval '1 second', now() - n * interval '7 seconds',
       CASE WHEN spread %% 3 > 0 THEN now() - spread * interval '30 seconds' END,
       CASE WHEN spread %% 10 = 0 THEN %(owner_id)s::uuid END, 'p' || n || '@example.com', '',
       CASE WHEN spread %% 1000 = 0 THEN 'api' WHEN spread %% 5 = 0 THEN 'signup' ELSE 'import' END, '', false
  FROM (SELECT n, ('x' || left(md5('spread' || n), 6))::bit(24)::int AS spread
          FROM generate_series(%(first)s::int, %(last)s::int) AS n) AS numbers"""
_TAGGED = """
INSERT INTO contacts_contacttag (business_id, id, tag_id, contact_id)
SELECT %(business_id)s, uuidv7(), %(tag_id)s, id FROM contacts_contact
 WHERE business_id = %(business_id)s AND sort_name < %(below)s AND id > %(after)s"""
_YESES = """
INSERT INTO contacts_consentstate (business_id, id, contact_id, channel, topic_id, state, basis, address_hash, since,
                                   consent_id)
SELECT %(business_id)s, uuidv7(), id, 'email', %(topic_id)s, 'granted', 'express', md5(primary_email), now(),
       %(consent_id)s
  FROM contacts_contact WHERE business_id = %(business_id)s AND sort_name > '8'"""
_ROLES = """
INSERT INTO contacts_roleassignment (business_id, id, kind, contact_id, started_at, fed_at, note)
SELECT %(business_id)s, uuidv7(), 'partner', id, now(), now(), '' FROM contacts_contact
 WHERE business_id = %(business_id)s AND sort_name < '05'"""
_PLACES = """
INSERT INTO contacts_affiliation (business_id, id, contact_id, organization_id, title)
SELECT %(business_id)s, uuidv7(), id, %(organization_id)s, '' FROM contacts_contact
 WHERE business_id = %(business_id)s AND sort_name BETWEEN '05' AND '0504'"""


@dataclass(frozen=True)
class Crowd:
    """A filled business with what its list can be narrowed by."""

    business: Business
    filters: dict[str, dict[str, Any]]


def filters_of(rare: Tag, common: Tag, topic: Topic, owner: Membership, organization: Any) -> dict[str, dict[str, Any]]:
    """Each filter by its name in a report."""
    return {
        "everyone": {},
        "a rung": {"stage": "client"},
        "a kind beside the ladder": {"kind": "partner"},
        "a rare tag": {"tag_id": rare.pk},
        "a common tag": {"tag_id": common.pk},
        "a yes": {"channel": "email", "topic_id": topic.pk},
        "an owner": {"owner": str(owner.pk)},
        "a rare way in": {"source": "api"},
        "a common way in": {"source": "import"},
        "an organization": {"organization_id": organization.pk},
        "a rung and a tag": {"stage": "client", "tag_id": common.pk},
    }


@contextmanager
def crowds(*counts: int) -> Iterator[list[Crowd]]:
    """Businesses of so many people each, in a database of its own that has been analyzed."""
    if OWNER not in settings.DATABASES:
        raise benchmarks.Missing("MIGRATION_DATABASE_URL is needed: the benchmark makes a database of its own.")
    with fresh_databases("bench"):
        user = User.objects.create_user("owner@example.com", None, name="Owner")
        filled = [_fill(create_business(owner=user, name=f"Of {count}", trade="bakery"), count) for count in counts]
        with connections[OWNER].cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
        yield filled
        for used in connections.all():
            used.close()


def _fill(business: Business, count: int) -> Crowd:
    for first in range(1, count + 1, SLICE):
        with business_scope(business):
            execute("SET LOCAL statement_timeout = 0")
            owner = Membership.objects.get()
            execute(_PEOPLE, {"first": first, "last": min(count, first + SLICE - 1), "owner_id": owner.pk})
    with business_scope(business):
        execute("SET LOCAL statement_timeout = 0")
        topic = add_topic(name="News", promise="Two letters a month", promised_count=2, promised_days=30)
        rare, common = (Tag.objects.create(name=name, name_norm=name) for name in ("rare", "common"))
        zero = "00000000-0000-0000-0000-000000000000"
        for tag, below in ((rare, "00d"), (common, "4")):
            execute(_TAGGED, {"tag_id": tag.id, "below": below, "after": zero})
        firm = add_organization(name="Harbor Mill", main_contact=None, is_context=False, actor=None)
        some = Contact.objects.order_by("id").first()
        proof = Consent.objects.create(
            contact=some, channel="email", topic=topic, act="confirmed", source="benchmark", occurred_at=timezone.now()
        )
        execute(_YESES, {"topic_id": topic.pk, "consent_id": proof.pk})
        execute(_ROLES)
        execute(_PLACES, {"organization_id": firm.pk})
        return Crowd(business, filters_of(rare, common, topic, owner, firm))


def page_statements(crowd: Crowd) -> dict[str, str]:
    """The statement that finds a page of 50 for each filter in each order, the first page and one far in."""
    moment = timezone.now()
    with business_scope(crowd.business):
        middle = Contact.objects.order_by("sort_name")[Contact.objects.count() // 2]
        found: dict[str, str] = {}
        for name, wanted in crowd.filters.items():
            for sort in ("newest", "name", "recent"):
                asked = PeopleFilter(**wanted, sort=sort)
                for place, cursor in (("first", None), ("deep", cursor_after(middle, ORDERS[sort]))):
                    found[f"{name}, {sort}, {place}"] = statement_of(_finding(asked, moment, cursor))
        return found


def _finding(asked: PeopleFilter, moment: Any, cursor: str | None) -> Callable[[], object]:
    return lambda: page_of(asked, now=moment, cursor=cursor, limit=50)


def whole_page_statement(crowd: Crowd, **wanted: Any) -> str:
    """The statement of a page with all that its lines show."""
    with business_scope(crowd.business):
        return statement_of(lambda: people_page(PeopleFilter(**wanted), cursor=None, now=timezone.now()))


def key_statement(crowd: Crowd) -> str:
    """The statement that reads one person by key."""
    with business_scope(crowd.business):
        some = Contact.objects.order_by("sort_name")[Contact.objects.count() // 2]
        return statement_of(lambda: get_contact(some.pk))


def statement_of(ask: Callable[[], object]) -> str:
    """The last statement that something asks."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    return str(captured.captured_queries[-1]["sql"])


@contextmanager
def cursor_in(crowd: Crowd) -> Iterator[Any]:
    """A cursor without Django, in the business, under the policies as the application."""
    session = psycopg2.connect(**{**connections["default"].get_connection_params(), "cursor_factory": None})
    try:
        with session.cursor() as cursor:
            cursor.execute("SELECT set_config('app.business_id', %s, false)", [str(crowd.business.pk)])
            yield cursor
    finally:
        session.close()


def seconds(cursor: Any, statement: str) -> float:
    """How long a statement takes on the clock, its rows read."""
    started = time.perf_counter()
    cursor.execute(statement)
    cursor.fetchall()
    return time.perf_counter() - started
