"""Rows that a program sends, brought in by the very steps that a list from a file goes through."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db import transaction

from contacts.models import Import, Topic
from contacts.queries.imports import get_import
from contacts.services.import_checks import begin_check
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
    check_first: bool,
    actor: Membership | None,
) -> Import:
    """Begin to bring in people, a row each: the keys of a row are meanings of columns.

    With `check_first` nobody comes in yet: a worker looks through the list, and `start_import` brings it in.
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
    return begin_import(imported.pk, check_first=check_first, actor=actor)


def begin_import(import_id: UUID, *, check_first: bool, actor: Membership | None) -> Import:
    """Bring in a list whose steps are answered, or only have it looked through."""
    if not check_first:
        return start_import(import_id, started_by=actor)
    begin_check(import_id, actor=actor, even_short=True)
    return get_import(import_id)


def _as_file(meanings: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    """The rows as the file that they could have been: with a mark that says UTF-8, every cell in quotes."""
    text = io.StringIO()
    lines = csv.writer(text, quoting=csv.QUOTE_ALL)
    lines.writerow(meanings)
    lines.writerows([[row.get(meaning, "") for meaning in meanings] for row in rows])
    return text.getvalue().encode("utf-8-sig")
