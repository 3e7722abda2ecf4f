"""Rows that a program sends, brought in by the very steps that a list from a file goes through."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Required, TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from contacts.models import Import, Topic
from contacts.queries.imports import get_import
from contacts.services.import_checks import begin_check
from contacts.services.imports import choose_sheet, map_import, permit_import, start_import, upload_import
from ecosystem.base.errors import Invalid
from ecosystem.models import Membership

MOST_ROWS = 5_000


class Answers(TypedDict, total=False):
    """What holds for all people of a list, as `permit_import` takes it."""

    rule: Required[str]
    topic: Topic | None
    source: str
    said_on: date | None
    stage: str
    tags: list[str]
    known: str


@transaction.atomic
def import_rows(
    rows: Sequence[Mapping[str, str]],
    *,
    name: str,
    check_first: bool,
    actor: Membership | None,
    **answers: Unpack[Answers],
) -> Import:
    """Begin to bring in people, a row each: the keys of a row are meanings of columns.

    With `check_first` nobody comes in yet: a worker looks through the list, and `start_import` brings it in.
    Raises Invalid as the steps of a list from a file do.
    """
    meanings = list(dict.fromkeys(meaning for row in rows for meaning in row))
    imported = upload_import(_as_file(meanings, rows), file_name=name, uploaded_by=actor)
    map_import(imported.pk, mapping={str(place): meaning for place, meaning in enumerate(meanings)})
    permit_import(imported.pk, **answers)
    return begin_import(imported.pk, check_first=check_first, actor=actor)


@transaction.atomic
def import_file(
    content: bytes,
    *,
    file_name: str,
    sheet: str = "",
    mapping: Mapping[str, str] | None = None,
    actor: Membership | None,
    **answers: Unpack[Answers],
) -> Import:
    """Take a file with what its columns mean, by their names, and what its people said; `begin_import` comes next.

    Without a mapping it is read as the page would guess. Raises Invalid as the steps of the page do.
    """
    imported = upload_import(content, file_name=file_name, uploaded_by=actor)
    if imported.sheets:
        imported = choose_sheet(imported.pk, sheet)
    meant = imported.mapping if mapping is None else _by_place(imported.header, mapping)
    map_import(imported.pk, mapping=meant)
    return permit_import(imported.pk, **answers)


def _by_place(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """What columns mean by their places. Raises Invalid for a name that none of them has, or two."""
    for name in mapping:
        if header.count(name) != 1:
            sentence = (
                _("No column of this list is called “%(name)s”.")
                if name not in header
                else _("Two columns of this list are called “%(name)s”. Give one of them another name.")
            )
            raise Invalid("mapping_unknown", sentence % {"name": name[:80]}, field="mapping")
    return {str(header.index(name)): meaning for name, meaning in mapping.items()}


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
