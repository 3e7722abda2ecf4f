"""What waits for somebody's word after a list came in: rows to mend, differences, and what could not be taken back."""

from collections.abc import Collection, Mapping
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
    line: int = 0


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


def differences_page(
    imported: Import, cursor: str | None, *, limit: int = SHOWN_A_PAGE, in_words: bool = True
) -> Page[Difference]:
    """Those whom somebody is to be asked about, as they stand now beside what the list says.

    `in_words` of the business, and an address in one line; else as programs know it.
    """
    page = _changes_page(imported, ImportChange.State.ASKED, cursor, limit)
    labels = dict(KindSetting.objects.values_list("kind", "label")) if in_words else {}
    first = ContactPoint.objects.filter(contact__in=[one.contact_id for one in page.items], is_primary=True)
    written = first.filter(kind=ContactPoint.Kind.POSTAL).values_list("contact_id", "value")
    postal = {pk: _in_a_line(value) if in_words else value for pk, value in written if pk}
    shown = [
        Difference(one.pk, one.contact, _fields(one, labels, postal, in_words=in_words), line=one.line)
        for one in page.items
    ]
    return Page(shown, page.next_cursor, page.previous_cursor)


def refuse_strange_differences(imported: Import, change_ids: Collection[UUID]) -> None:
    """Raise NotFound where one of these is no difference of a list, whether answered or not."""
    known = ImportChange.objects.filter(imported=imported, id__in=change_ids).values_list("id", flat=True)
    if set(change_ids) - set(known):
        raise NotFound("difference_unknown", _("The list tells nothing otherwise under this id."))


def kept_page(imported: Import, cursor: str | None, *, limit: int = SHOWN_A_PAGE) -> Page[ImportChange]:
    """Those of whom something could not be taken back, and why."""
    return _changes_page(imported, ImportChange.State.KEPT, cursor, limit)


def undone_until(imported: Import) -> datetime | None:
    """Until when a list that came in can be taken back; None where it never came in, or was taken back."""
    if imported.ended_at is None or imported.started_at is None or imported.undo_asked_at is not None:
        return None
    return imported.ended_at + UNDO_WITHIN


def may_be_undone(imported: Import, *, now: datetime) -> bool:
    """Whether a list can still be taken back."""
    until = undone_until(imported)
    return until is not None and now <= until and (imported.job is None or imported.job.is_over)


def _changes_page(imported: Import, state: str, cursor: str | None, limit: int) -> Page[ImportChange]:
    changes = ImportChange.objects.filter(imported=imported, state=state).select_related("contact")
    return keyset_page(changes, order=("id",), cursor=cursor, limit=limit)


def _fields(
    change: ImportChange, labels: dict[str, str], postal: Mapping[UUID, str], *, in_words: bool
) -> tuple[Differing, ...]:
    ours = {
        "name": change.contact.display_name,
        "phone": change.contact.primary_phone,
        "postal": postal.get(change.contact_id, ""),
        "stage": labels.get(change.contact.stage or "", change.contact.stage or ""),
    }
    found = [
        Differing(key, _LABELS[key], ours[key], _theirs(key, change.after[key], labels, in_words=in_words))
        for key in DIFFERING
        if key in change.after
    ]
    return tuple(field for field in found if field.ours != field.theirs)


def _theirs(key: str, value: Any, labels: dict[str, str], *, in_words: bool) -> str:
    if key == "stage":
        return str(labels.get(value, value))
    if key == "postal":
        return _in_a_line(value[0]) if in_words else str(value[0])
    return str(value[2] if key == "name" else value[1])


def _in_a_line(postal: str) -> str:
    return ", ".join(postal.splitlines())
