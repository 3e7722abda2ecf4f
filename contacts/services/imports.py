"""Bringing in a list, step by step: the file, the columns, the permission, the start."""

import hashlib
from datetime import date
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.lists.cards import cards_as_csv, is_cards
from contacts.lists.columns import check_mapping, guess_mapping
from contacts.lists.csv_files import CsvShape, read_shape
from contacts.lists.programs import LEFT, find_program
from contacts.lists.workbooks import is_workbook, sheet_as_csv, sheets_with_rows
from contacts.models import Import, Stage, Topic
from contacts.queries.imports import find_same_header
from contacts.services.import_checks import drop_check
from ecosystem.base.errors import Conflict, Invalid
from ecosystem.models import Membership
from ecosystem.queries.zones import date_of_business
from ecosystem.services.audit import record_act
from ecosystem.services.jobs import request_cancel, start_job
from ecosystem.services.quotas import hold_places

IMPORT_JOB = "import"


def upload_import(content: bytes, *, file_name: str, uploaded_by: Membership | None = None) -> Import:
    """Keep a file with what was found of its shape and a first guess at its columns.

    Cards become a row each. Of a workbook the one sheet with rows is taken; where there are several, `sheets` names
    them and `choose_sheet` comes next. A list with the very columns of an earlier one is matched as that one was.
    Raises Invalid with a plain sentence when it is no list that can be read, QuotaFull when there is no room for it.
    """
    imported = Import(file_name=file_name[:200], uploaded_by=uploaded_by)
    imported.file_hash = hashlib.sha256(content).hexdigest()
    if is_cards(content, file_name=file_name):
        return _keep_plain(imported, cards_as_csv(content))
    if not is_workbook(content):
        return _keep_list(imported, content, read_shape(content))
    sheets = sheets_with_rows(content)
    if len(sheets) == 1:
        return _keep_sheet(imported, content, sheets[0])
    hold_places("storage", len(content), field="file")
    imported.content, imported.sheets = content, sheets
    imported.save(force_insert=True)
    return imported


def choose_sheet(import_id: UUID, sheet: str) -> Import:
    """Take the list from this sheet of a workbook. A second choice changes nothing."""
    imported = _open_import(import_id)
    if not imported.sheets:
        return imported
    if sheet not in imported.sheets:
        raise Invalid("sheet_unknown", _("Choose the sheet that holds your list."), field="sheet")
    # The same workbook may hold several lists: each is a file of its own.
    content = bytes(imported.content)
    imported.file_hash = hashlib.sha256(content + sheet.encode()).hexdigest()
    imported.file_name = f"{imported.file_name[:120]} ({sheet[:70]})"
    imported.sheets = []
    return _keep_sheet(imported, content, sheet)


def _keep_sheet(imported: Import, workbook: bytes, sheet: str) -> Import:
    return _keep_plain(imported, sheet_as_csv(workbook, sheet))


def _keep_plain(imported: Import, content: bytes) -> Import:
    """Keep a list that was written as CSV by us."""
    return _keep_list(imported, content, read_shape(content, encoding="utf-8", delimiter=","))


def _keep_list(imported: Import, content: bytes, shape: CsvShape) -> Import:
    hold_places("storage", max(0, len(content) - len(bytes(imported.content))), field="file")
    earlier = find_same_header(shape.header)
    imported.content = content
    imported.encoding, imported.delimiter = shape.encoding, shape.delimiter
    imported.header, imported.sample, imported.row_count = shape.header, shape.sample, shape.row_count
    imported.mapping = earlier.mapping if earlier else guess_mapping(shape.header, shape.sample)
    imported.save()
    return imported


def map_import(import_id: UUID, *, mapping: dict[str, str]) -> Import:
    """Keep what each column means. Raises Invalid when it cannot be so, Conflict when the import has begun."""
    imported = _open_import(import_id)
    imported.mapping = check_mapping(mapping, columns=len(imported.header))
    drop_check(imported)
    if imported.state == Import.State.UPLOADED:
        imported.state = Import.State.MAPPED
    imported.save(update_fields=["mapping", "state", "updated_at"])
    return imported


def permit_import(
    import_id: UUID,
    *,
    rule: str,
    topic: Topic | None = None,
    source: str = "",
    said_on: date | None = None,
    stage: str = Stage.SUSPECT,
    tags: list[str] | None = None,
    known: str = Import.Known.SKIP,
) -> Import:
    """Keep what the owner says of these people's permission, their rung and their tags.

    A yes needs a topic, a place where it was said, and a day: one for all, or a column of days. `known` says what to
    do with people who are there already and of whom the list tells otherwise.
    """
    imported = _open_import(import_id)
    if rule not in ("none", "all", "column"):
        raise Invalid("permission_rule", _("Choose what these people said."), field="rule")
    if stage not in Stage.values:
        raise Invalid("permission_stage", _("Choose a rung of the ladder."), field="stage")
    if known not in Import.Known.values:
        raise Invalid("permission_known", _("Choose what to do with people you have already."), field="known")
    if rule != "none":
        _check_yes(imported, rule=rule, topic=topic, source=source, said_on=said_on)
    imported.permission = {
        "rule": rule,
        "topic_id": str(topic.id) if topic and rule != "none" else "",
        "source": source.strip()[:160] if rule != "none" else "",
        "said_on": said_on.isoformat() if said_on and rule != "none" else "",
    }
    imported.stage = stage
    imported.known = known
    imported.tags = [tag.strip()[:40] for tag in tags or [] if tag.strip()]
    imported.state = Import.State.PERMITTED
    imported.save(update_fields=["permission", "stage", "known", "tags", "state", "updated_at"])
    return imported


def _check_yes(imported: Import, *, rule: str, topic: Topic | None, source: str, said_on: date | None) -> None:
    meanings = set(imported.mapping.values())
    program = find_program(imported.header)
    if program is not None and program.are_no:
        raise Invalid("permission_left", str(LEFT), field="rule")
    if topic is None:
        raise Invalid("permission_topic", _("What did they say yes to? Choose a topic."), field="topic")
    if not source.strip():
        sentence = _("Where did they say yes? A yes without a source is no permission.")
        raise Invalid("permission_source", sentence, field="source")
    if said_on is None and "yes_date" not in meanings:
        sentence = _("When did they say yes? Give a day, or match a column of days in the step before.")
        raise Invalid("permission_date", sentence, field="said_on")
    if said_on is not None and said_on > date_of_business(timezone.now()):
        raise Invalid("permission_date", _("That day has not come yet."), field="said_on")
    if rule == "column" and "yes" not in meanings:
        sentence = _("No column is matched with “Said yes to email”. Match it in the step before.")
        raise Invalid("permission_column", sentence, field="rule")
    if "email" not in meanings:
        raise Invalid(
            "permission_email", _("This list has no email column, so there is nobody to write to."), field="rule"
        )


def start_import(import_id: UUID, *, started_by: Membership | None = None) -> Import:
    """Hand the list to the workers. A second start of the same import changes nothing.

    Raises Conflict where it was put away, stopped, or could not be brought in; QuotaFull while as many lists come in as
    may at once: the list stays as it is, ready to be started.
    """
    imported = Import.objects.defer("content").select_for_update().get(id=import_id)
    if imported.state in (Import.State.UPLOADED, Import.State.MAPPED):
        raise Conflict("import_not_ready", _("Answer the steps before first."))
    _refuse_ended(imported)
    if imported.state != Import.State.PERMITTED:
        return imported
    hold_places("imports")
    drop_check(imported)
    imported.job = start_job(IMPORT_JOB, total=imported.row_count, started_by=started_by)
    imported.state = Import.State.RUNNING
    imported.started_at = timezone.now()
    imported.save(update_fields=["job", "state", "started_at", "updated_at"])
    record_act("import_started", actor=started_by, subject=imported, rows=imported.row_count)
    return imported


def cancel_import(import_id: UUID) -> Import:
    """Stop after the slice that is running. Who was brought in by then stays. Stopped twice it is stopped once.

    Raises Conflict where the list is in, or could not be brought in: there is nothing to stop.
    """
    imported = Import.objects.defer("content").select_for_update().get(id=import_id)
    if imported.state == Import.State.CANCELLED:
        return imported
    if imported.state == Import.State.DONE:
        raise Conflict("import_over", _("This list is in already, so there is nothing to stop."))
    _refuse_ended(imported)
    if imported.state == Import.State.RUNNING and imported.job_id:
        request_cancel(imported.job_id)
    else:
        drop_check(imported)
        finish_import(imported, state=Import.State.CANCELLED)
    return imported


def finish_import(imported: Import, *, state: str) -> None:
    """End an import and let go of the file: it holds people's data and is needed no more."""
    imported.state = state
    imported.content = b""
    imported.sample = []
    imported.ended_at = timezone.now()
    imported.save(update_fields=["state", "content", "sample", "ended_at", "updated_at"])


def _refuse_ended(imported: Import) -> None:
    """Refuse what is asked of a list that ended without being in: nothing of its file is kept."""
    if imported.state == Import.State.FAILED:
        raise Conflict("import_over", _("This list could not be brought in. Bring it in anew."))
    if imported.state == Import.State.CANCELLED and imported.started_at is not None:
        raise Conflict("import_over", _("This list was stopped. Bring it in anew."))
    if imported.state == Import.State.CANCELLED:
        raise Conflict("import_over", _("This list was put away. Bring it in anew."))


def _open_import(import_id: UUID) -> Import:
    imported = Import.objects.defer("content").select_for_update().get(id=import_id)
    _refuse_ended(imported)
    if imported.state not in (Import.State.UPLOADED, Import.State.MAPPED, Import.State.PERMITTED):
        raise Conflict("import_started", _("This list is being brought in already. Its steps cannot be changed now."))
    return imported
