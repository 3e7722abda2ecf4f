"""What stands behind long work with people."""

from collections.abc import Sequence
from uuid import UUID

from contacts.models import BulkEdit, Import, ImportCheck


def imports_of_jobs(job_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The list that each of these jobs brings in."""
    found = Import.objects.filter(job_id__in=job_ids).values_list("job_id", "pk")
    return {job_id: pk for job_id, pk in found if job_id is not None}


def imports_of_checks(job_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The list that each of these jobs looks through."""
    return dict(ImportCheck.objects.filter(job_id__in=job_ids).values_list("job_id", "imported_id"))


def bulk_edits_of_jobs(job_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The change of many people that each of these jobs makes."""
    found = BulkEdit.objects.filter(job_id__in=job_ids).values_list("job_id", "pk")
    return {job_id: pk for job_id, pk in found if job_id is not None}
