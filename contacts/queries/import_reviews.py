"""What waits for somebody's word after a list came in: rows to mend, differences, and what could not be taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contacts.models import DIFFERING, Contact, ContactPoint, Import, ImportChange, ImportProblem
from contacts.undoing import UNDO_WITHIN
from ecosystem.base.errors import NotFound
from ecosystem.base.keyset import Page, keyset_page
from ecosystem.models import KindSetting

SHOWN_A_PAGE = 20
_LABELS = {"name": _("Name"), "phone": _("Phone"), "postal": _("Postal address"), "stage": _("Rung")}


@dataclass(frozen=True)
class Differing:
    """One field of a person: what we have, what the list says."""

    key: str
    label: str | Promise
    ours: str
    theirs: str


@dataclass(frozen=True)
class Difference:
    """A known person whom the list tells otherwise. Nothing stands in `fields` where both agree by now."""

    id: UUID
    contact: Contact
    fields: tuple[Differing, ...]


def problems_page(imported: Import, cursor: str | None) -> Page[ImportProblem]:
    """The rows to mend in the order of the file."""
    rows = ImportProblem.objects.filter(imported=imported)
    return keyset_page(rows, order=("line", "id"), cursor=cursor, limit=SHOWN_A_PAGE)


def get_problem(import_id: UUID, problem_id: UUID) -> ImportProblem:
    """One row to mend of a list, or NotFound."""
    found = ImportProblem.objects.filter(imported_id=import_id, id=problem_id).first()
    if found is None:
        raise NotFound("problem_unknown", _("This row was mended or left out already."))
    return found


def differences_page(imported: Import, cursor: str | None) -> Page[Difference]:
    """Those whom somebody is to be asked about, as they stand now beside what the list says."""
    page = _changes_page(imported, ImportChange.State.ASKED, cursor)
    labels = dict(KindSetting.objects.values_list("kind", "label"))
    first = ContactPoint.objects.filter(contact__in=[one.contact_id for one in page.items], is_primary=True)
    postal = dict(first.filter(kind=ContactPoint.Kind.POSTAL).values_list("contact_id", "value"))
    shown = [Difference(one.pk, one.contact, _fields(one, labels, postal)) for one in page.items]
    return Page(shown, page.next_cursor, page.previous_cursor)


def kept_page(imported: Import, cursor: str | None) -> Page[ImportChange]:
    """Those of whom something could not be taken back, and why."""
    return _changes_page(imported, ImportChange.State.KEPT, cursor)


def may_be_undone(imported: Import, *, now: datetime) -> bool:
    """Whether a list can still be taken back."""
    ended = imported.ended_at is not None and imported.started_at is not None
    is_free = imported.job is None or imported.job.is_over
    return bool(ended and is_free and imported.undo_asked_at is None and now <= imported.ended_at + UNDO_WITHIN)  # type: ignore[operator]


def _changes_page(imported: Import, state: str, cursor: str | None) -> Page[ImportChange]:
    changes = ImportChange.objects.filter(imported=imported, state=state).select_related("contact")
    return keyset_page(changes, order=("id",), cursor=cursor, limit=SHOWN_A_PAGE)


def _fields(change: ImportChange, labels: dict[str, str], postal: Mapping[UUID | None, str]) -> tuple[Differing, ...]:
    ours = {
        "name": change.contact.display_name,
        "phone": change.contact.primary_phone,
        "postal": _in_a_line(postal.get(change.contact_id, "")),
        "stage": labels.get(change.contact.stage or "", ""),
    }
    found = [
        Differing(key, _LABELS[key], ours[key], _theirs(key, change.after[key], labels))
        for key in DIFFERING
        if key in change.after
    ]
    return tuple(field for field in found if field.ours != field.theirs)


def _theirs(key: str, value: Any, labels: dict[str, str]) -> str:
    if key == "stage":
        return labels.get(value, "")
    if key == "postal":
        return _in_a_line(value[0])
    return str(value[2] if key == "name" else value[1])


def _in_a_line(postal: str) -> str:
    return ", ".join(postal.splitlines())
