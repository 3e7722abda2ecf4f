"""Reads the rows of an uploaded list as the import takes them, and changes nothing."""

import itertools
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from django.utils import timezone

from contacts.lists.csv_files import iter_rows
from contacts.lists.rows import Permission, PersonRow, ProblemRow, RowReader, stage_names_of
from contacts.models import Import
from ecosystem.models import BusinessProfile, KindSetting


def permission_of(imported: Import) -> Permission:
    """The owner's answer as a value."""
    kept = imported.permission
    said_on = date.fromisoformat(kept["said_on"]) if kept.get("said_on") else None
    return Permission(
        rule=kept.get("rule", "none"),
        topic_id=kept.get("topic_id", ""),
        source=kept.get("source", ""),
        said_on=said_on,
    )


def reader_of(imported: Import) -> RowReader:
    """How the rows of this import are read."""
    profile = BusinessProfile.objects.get()
    labels = dict(KindSetting.objects.values_list("kind", "label"))
    return RowReader(
        columns={meaning: int(index) for index, meaning in imported.mapping.items()},
        width=len(imported.header),
        permission=permission_of(imported),
        default_stage=imported.stage,
        region=profile.country,
        zone=ZoneInfo(profile.timezone),
        stage_names=stage_names_of(labels),
        now=timezone.now(),
    )


def read_rows(imported: Import, *, start: int, count: int) -> Iterator[PersonRow | ProblemRow]:
    """The rows from a place in the file on, read; the header is not counted."""
    reader = reader_of(imported)
    lines = iter_rows(bytes(imported.content), encoding=imported.encoding, delimiter=imported.delimiter)
    for line, row in itertools.islice(lines, start + 1, start + 1 + count):
        yield reader.read(line, row)
