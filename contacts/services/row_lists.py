"""Rows that a program sends, brought in by the very steps that a list from a file goes through."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date

from django.db import transaction

from contacts.models import Import, Topic
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from ecosystem.models import Membership

MOST_ROWS = 5_000


@transaction.atomic
def import_rows(
    rows: Sequence[Mapping[str, str]],
    *,
    name: str,
    stage: str,
    tags: Sequence[str],
    rule: str,
    topic: Topic | None,
    source: str,
    said_on: date | None,
    known: str,
    actor: Membership | None,
) -> Import:
    """Begin to bring in people, a row each: the keys of a row are meanings of columns.

    Raises Invalid as the steps of a list from a file do.
    """
    meanings = list(dict.fromkeys(meaning for row in rows for meaning in row))
    imported = upload_import(_as_file(meanings, rows), file_name=name, uploaded_by=actor)
    map_import(imported.pk, mapping={str(place): meaning for place, meaning in enumerate(meanings)})
    permit_import(
        imported.pk,
        rule=rule,
        topic=topic,
        source=source,
        said_on=said_on,
        stage=stage,
        tags=list(tags),
        known=known,
    )
    return start_import(imported.pk, started_by=actor)


def _as_file(meanings: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    """The rows as the file that they could have been: with a mark that says UTF-8, every cell in quotes."""
    text = io.StringIO()
    lines = csv.writer(text, quoting=csv.QUOTE_ALL)
    lines.writerow(meanings)
    lines.writerows([[row.get(meaning, "") for meaning in meanings] for row in rows])
    return text.getvalue().encode("utf-8-sig")
