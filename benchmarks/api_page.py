"""api.page: a page of 50 people with a key, against a plain ModelViewSet on the same server in the same run."""

import json
import time
from itertools import islice

from benchmarks._http import Connection, granian
from benchmarks._timing import Benchmark, Repetition, in_turn
from contacts.models import Contact, ContactTag, RoleAssignment, Tag
from ecosystem.base.access import Role
from ecosystem.base.ids import uuid7
from ecosystem.base.sql import execute
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, Membership
from ecosystem.services.api_keys import make_api_key
from tests.database import OWNER, fresh_databases
from tests.factories.permission import make_business

PEOPLE, CALLS, WARM = 20_000, 300, 20
OURS, PEER = "/api/v1/contacts?limit=50", "/plain/contacts/"
CHUNK = 2_000


def run(scale: float) -> list[Repetition]:
    """Calls a second over one connection, ours and the viewset's, in turn."""
    people, calls = max(200, int(PEOPLE * scale)), max(40, int(CALLS * scale))
    with fresh_databases("bench"):
        business = make_business("Oat & Ember")
        with business_scope(business):
            add_people(people)
        execute("ANALYZE", using=OWNER)
        key = make_key(business)
        with granian("benchmarks._api_server:application") as port:
            connection = Connection(port)
            BENCHMARK.notes.update({"people": people, "calls": calls, **_compare(connection, key)})

            def calls_per_second(path: str) -> float:
                started = time.perf_counter()
                for _ in range(calls):
                    status, _body = connection.get(path, key)
                    assert status == 200
                return calls / (time.perf_counter() - started)

            for path in (OURS, PEER):
                for _ in range(WARM):
                    connection.get(path, key)
            measured = in_turn(lambda: calls_per_second(OURS), lambda: calls_per_second(PEER))
            connection.close()
    return [Repetition(own, peer, own / peer) for own, peer in measured]


def _compare(connection: Connection, key: str) -> dict[str, int]:
    """Both answer with the same 50 people and the same facts of each; otherwise nothing is measured."""
    own, theirs = (connection.get(path, key)[1] for path in (OURS, PEER))
    ours, peers = json.loads(own)["items"], json.loads(theirs)["results"]
    assert [one["id"] for one in ours] == [one["id"] for one in peers]
    assert len(ours) == 50
    assert len(ours[0]) == len(peers[0])
    assert [sorted(one["tags"]) for one in ours] == [
        sorted(tag["name"] for tag in one["contact_tags"]) for one in peers
    ]
    return {"bytes_ours": len(own), "bytes_peer": len(theirs)}


def make_key(business: Business) -> str:
    with business_scope(business):
        owner = Membership.objects.select_related("user").get(role=Role.OWNER)
        return make_api_key(name="Bench", scopes=["contacts:read"], expires_at=None, actor=owner).text


def add_people(how_many: int) -> None:
    """People of every rung, each with two tags, every fourth with a part beside the ladder."""
    tags = Tag.objects.bulk_create([Tag(name=f"Tag {n}", name_norm=f"tag {n}") for n in range(8)])
    stages = ("suspect", "prospect", "client", "advocate")
    numbers = iter(range(how_many))
    while chunk := list(islice(numbers, CHUNK)):
        people = [
            Contact(
                id=uuid7(),
                given_name=f"Given{number}",
                family_name=f"Family{number}",
                display_name=f"Given{number} Family{number}",
                sort_name=f"given{number} family{number}",
                primary_email=f"p{number}@example.com",
                primary_phone=f"+1202555{number % 10_000:04}",
                stage=stages[number % 4],
            )
            for number in chunk
        ]
        Contact.objects.bulk_create(people)
        ContactTag.objects.bulk_create(
            [
                ContactTag(contact=person, tag=tags[(number + step) % 8])
                for number, person in enumerate(people)
                for step in (0, 3)
            ]
        )
        RoleAssignment.objects.bulk_create([RoleAssignment(contact=person, kind="vendor") for person in people[::4]])


BENCHMARK = Benchmark(
    name="api.page",
    workload="a page of 50 people with tags and roles, with a key, row-level security on, granian with one thread",
    unit="calls per second over one connection",
    reference="ModelViewSet of Django REST framework with a token, prefetching and page numbers, same server",
    goal=12.0,
    floor=5.0,
    run=run,
)
