"""import.vs_orm: a list brought in by COPY and one statement a table, against bulk_create with the same checks."""

import itertools
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

import benchmarks
from benchmarks._database import analyze, server_cpu_seconds
from benchmarks._timing import Benchmark, Repetition, in_turn
from contacts.lists.rows import PersonRow, ProblemRow
from contacts.models import (
    Act,
    Basis,
    Channel,
    Consent,
    ConsentState,
    Contact,
    ContactPoint,
    Import,
    ImportProblem,
    Interaction,
    StageChange,
    Suppression,
    Topic,
)
from contacts.queries.import_rows import read_rows
from contacts.services.import_slices import work_import
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from ecosystem.base.addresses import address_hash
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from tests.database import OWNER, fresh_databases
from tests.factories.ecosystem import make_business
from tests.factories.permission import make_topic

ROWS = 200_000
PEER_ROWS = 10_000
PEER_BATCH = 1_000
TIMES = 5
_numbers = itertools.count()


def run(scale: float) -> list[Repetition]:
    """Rows a processor second (ours and PostgreSQL's added), in turn."""
    if OWNER not in settings.DATABASES:
        raise benchmarks.Missing("MIGRATION_DATABASE_URL is needed: the benchmark makes a database of its own.")
    many, few = max(2_000, int(ROWS * scale)), max(1_000, int(PEER_ROWS * min(1.0, scale * 4)))
    BENCHMARK.notes.update({"rows_ours": many, "rows_peer": few, "duplicates": "5 %", "invalid": "1 %"})
    with fresh_databases("bench"):
        _measure(bring_in_by_copy, 2_000)
        analyze()
        measured = in_turn(lambda: _measure(bring_in_by_copy, many), lambda: _measure(_import_by_orm, few), times=TIMES)
    return [Repetition(own, peer, own / peer) for own, peer in measured]


def _measure(bring_in: Any, count: int) -> float:
    business, imported = prepare_list(count)
    client, server = time.process_time(), server_cpu_seconds()
    bring_in(business, imported)
    return count / (time.process_time() - client + server_cpu_seconds() - server)


def prepare_list(count: int) -> tuple[Business, Import]:
    """A business with a list that is ready to be brought in."""
    business = make_business(f"Bench {next(_numbers)}")
    with business_scope(business):
        topic = make_topic("News")
        imported = upload_import("".join(list_lines(count)).encode(), file_name="bench.csv")
        map_import(imported.id, mapping=imported.mapping)
        permit_import(imported.id, rule="column", topic=topic, source="Paper form", stage="prospect")
        return business, start_import(imported.id)


def list_lines(count: int) -> Iterator[str]:
    """The list itself. Every twentieth is somebody twice, every hundredth no address at all."""
    yield "First name,Last name,Email,Phone,Newsletter,Opt-in date\n"
    for number in range(count):
        person = number - 1 if number % 20 == 19 else number
        address = "nobody@@" if number % 100 == 50 else f"person{person}@example.com"
        yield f"Given{person % 700},Family{person % 3001},{address},,{'yes' if person % 2 else 'no'},2026-01-05\n"


def bring_in_by_copy(business: Business, imported: Import) -> None:
    """As the product does it, slice by slice."""
    while work_import(business.pk, imported.job_id):
        pass


def _import_by_orm(business: Business, imported: Import) -> None:
    """What a careful Django programmer writes: the same rows, checks and tables, a thousand at a time."""
    with business_scope(business):
        imported = Import.objects.get(id=imported.id)
        topic = Topic.objects.get()
        for batch in _batches(read_rows(imported, start=0, count=imported.row_count)):
            with transaction.atomic():
                _take_batch(imported, topic, batch, timezone.now())


def _batches(rows: Iterable[PersonRow | ProblemRow]) -> Iterator[list[PersonRow | ProblemRow]]:
    rows = iter(rows)
    while batch := list(itertools.islice(rows, PEER_BATCH)):
        yield batch


def _take_batch(imported: Import, topic: Topic, batch: list[PersonRow | ProblemRow], now: datetime) -> None:
    problems = [row for row in batch if isinstance(row, ProblemRow)]
    people = {row.email_norm: row for row in reversed(batch) if isinstance(row, PersonRow)}
    known = set(
        ContactPoint.objects.filter(kind="email", is_shared=False, value_norm__in=list(people)).values_list(
            "value_norm", flat=True
        )
    )
    fresh = [row for row in people.values() if row.email_norm not in known]
    contacts = Contact.objects.bulk_create([_contact(row, imported, now) for row in fresh])
    pairs = list(zip(fresh, contacts, strict=True))
    ContactPoint.objects.bulk_create(
        [
            ContactPoint(contact=contact, kind="email", value=row.email, value_norm=row.email_norm, is_primary=True)
            for row, contact in pairs
        ]
    )
    StageChange.objects.bulk_create(
        [
            StageChange(contact=contact, to_stage=row.stage, actor_kind="import", reason="List", occurred_at=now)
            for row, contact in pairs
        ]
    )
    lines = [_line(contact, "import", f"{imported.id}:{row.line}", now) for row, contact in pairs]
    lines += _take_yes(pairs, topic, imported, now)
    Interaction.objects.bulk_create(lines)
    ImportProblem.objects.bulk_create(
        [
            ImportProblem(
                imported=imported, line=problem.line, row=problem.row, code=problem.code, sentence=problem.sentence
            )
            for problem in problems
        ]
    )


def _contact(row: PersonRow, imported: Import, now: datetime) -> Contact:
    return Contact(
        given_name=row.given_name,
        family_name=row.family_name,
        display_name=row.display_name,
        sort_name=row.sort_name,
        stage=row.stage,
        stage_since=now,
        fed_at=now,
        primary_email=row.email_norm,
        source="import",
        source_detail=imported.file_name,
    )


def _take_yes(
    pairs: list[tuple[PersonRow, Contact]], topic: Topic, imported: Import, now: datetime
) -> list[Interaction]:
    hashes = {row.line: address_hash("email", row.email_norm) for row, _contact in pairs if row.said_yes_at}
    stopped = set(Suppression.objects.filter(address_hash__in=hashes.values()).values_list("address_hash", flat=True))
    said = [(row, contact) for row, contact in pairs if row.line in hashes and hashes[row.line] not in stopped]
    common: dict[str, Any] = {"channel": Channel.EMAIL, "topic": topic, "basis": Basis.EXPRESS}
    consents = Consent.objects.bulk_create(
        [
            Consent(
                contact=contact,
                address_hash=hashes[row.line],
                act=Act.IMPORTED,
                source="import",
                request_id=imported.id,
                occurred_at=row.said_yes_at,
                **common,
            )
            for row, contact in said
        ]
    )
    ConsentState.objects.bulk_create(
        [
            ConsentState(
                contact=contact,
                state="granted",
                address_hash=hashes[row.line],
                since=row.said_yes_at,
                consent=consent,
                **common,
            )
            for consent, (row, contact) in zip(consents, said, strict=True)
        ]
    )
    return [
        _line(contact, "consent_change", consent.id.hex, now)
        for consent, (_row, contact) in zip(consents, said, strict=True)
    ]


def _line(contact: Contact, kind: str, key: str, now: datetime) -> Interaction:
    source = "import" if kind == "import" else "consent"
    return Interaction(contact=contact, kind=kind, occurred_at=now, source=source, external_id=key)


BENCHMARK = Benchmark(
    name="import.vs_orm",
    workload="a list with duplicates, broken rows and a yes in every second row, into seven tables",
    unit="rows per processor second, PostgreSQL's included",
    reference="bulk_create of 1,000 with the same checks, rows and tables",
    goal=8.0,
    floor=4.0,
    run=run,
)
