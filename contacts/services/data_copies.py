"""A copy of everything that is known of one person: to be read by them, and by a program."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ecosystem.manners import customer_tongue_of
from ecosystem.models import Business
from ecosystem.privacy import PersonalTable, Subject, personal_tables
from ecosystem.queries.businesses import get_profile

FORMAT = 1


def make_copy(subjects: Sequence[Subject], business: Business, *, now: datetime) -> bytes:
    """A zip with `data.json` and `data.html`: every row of every table about somebody, whole.

    Somebody whose records were made one stands in it as each of them.
    """
    profile = get_profile()
    with translation.override(customer_tongue_of(profile)), timezone.override(ZoneInfo(profile.timezone)):
        sections = [(table, _rows_of(table, subjects)) for table in personal_tables()]
        facts = {
            "format": FORMAT,
            "business": business.name,
            "made_at": now.isoformat(),
            "tables": {table.model._meta.label: rows for table, rows in sections},
        }
        page = render_to_string("contacts/data/copy.html", _page(business, sections, profile.language, now))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", orjson.dumps(facts, default=str, option=orjson.OPT_INDENT_2))
        archive.writestr("data.html", page)
    return packed.getvalue()


def _rows_of(table: PersonalTable, subjects: Sequence[Subject]) -> list[dict[str, Any]]:
    found = [table.rows(subject).order_by("pk").values(*table.columns) for subject in subjects]
    return [
        {name: _plain(value) for name, value in row.items()}
        for rows in found
        for row in rows.iterator(chunk_size=2_000)
    ]


def _plain(value: Any) -> Any:
    """What a program can read: bytes never stand in a copy, ids and times are words."""
    return None if isinstance(value, bytes | memoryview) else value


def _page(
    business: Business, sections: Sequence[tuple[PersonalTable, list[dict[str, Any]]]], language: str, now: datetime
) -> Mapping[str, Any]:
    shown = [
        {
            "title": table.title,
            "columns": [_title(name) for name in table.columns],
            "rows": [list(row.values()) for row in rows],
        }
        for table, rows in sections
        if rows
    ]
    return {"business": business, "sections": shown, "language": language, "made_at": now}


def _title(column: str) -> str:
    return column.removesuffix("_id").replace("_", " ").capitalize() or _("Id")
