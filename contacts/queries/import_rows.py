"""Reads the rows of an uploaded list as the import takes them, and changes nothing."""

import io
import itertools
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import BinaryField
from django.db.models.functions import Substr
from django.utils import timezone

from contacts.lists.csv_files import iter_rows
from contacts.lists.rows import Permission, PersonRow, ProblemRow, RowReader, stage_names_of
from contacts.models import Import
from ecosystem.models import BusinessProfile, KindSetting

PIECE = 1024 * 1024


class KeptFile(io.RawIOBase):
    """The uploaded file, read from its row piece by piece: 25 MB at once would take a worker several times that."""

    def __init__(self, import_id: UUID) -> None:
        super().__init__()
        self._import_id = import_id
        self._place = 0
        self._piece = memoryview(b"")
        self._is_all_read = False

    def readable(self) -> bool:
        """It is there to be read, and for nothing else."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what comes next; 0 at the end of the file. One statement a piece, however little of it
        is wanted at a time, and none more for the end.
        """
        if not self._piece and not self._is_all_read:
            piece = Substr("content", self._place + 1, PIECE, output_field=BinaryField())
            kept = Import.objects.filter(id=self._import_id).values_list(piece, flat=True).get()
            self._piece = memoryview(bytes(kept))
            self._place += len(self._piece)
            self._is_all_read = len(self._piece) < PIECE
        found = self._piece[: len(buffer)]
        buffer[: len(found)] = found
        self._piece = self._piece[len(found) :]
        return len(found)


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


def reader_of(
    imported: Import, *, profile: BusinessProfile | None = None, labels: Mapping[str, str] | None = None
) -> RowReader:
    """How the rows of this import are read, by what the business calls its kinds where that is known already."""
    profile = profile or BusinessProfile.objects.get()
    labels = dict(labels or KindSetting.objects.values_list("kind", "label"))
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


def read_rows(
    imported: Import, *, start: int, count: int, reader: RowReader | None = None
) -> Iterator[PersonRow | ProblemRow]:
    """The rows from a place in the file on, read; the header is not counted."""
    reader = reader or reader_of(imported)
    for line, row in raw_rows(imported, start=start, count=count):
        yield reader.read(line, row)


def raw_rows(imported: Import, *, start: int, count: int) -> Iterator[tuple[int, list[str]]]:
    """The same rows as they stand in the file, each with its line."""
    kept = io.BufferedReader(KeptFile(imported.id))
    lines = iter_rows(kept, encoding=imported.encoding, delimiter=imported.delimiter)
    return itertools.islice(lines, start + 1, start + 1 + count)
