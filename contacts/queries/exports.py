"""Files of people: those of one member, one of them, and what stands in it."""

import hmac
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from contacts.models import ExportPiece, PeopleExport
from ecosystem.base.errors import NotFound
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership

SHOWN = 20


def exports_of(member: Membership) -> list[PeopleExport]:
    """The files that somebody asked for last."""
    return list(PeopleExport.objects.select_related("job").filter(asked_by=member).order_by("-id")[:SHOWN])


def get_export(export_id: UUID, *, member: Membership) -> PeopleExport:
    """A file that this member asked for; NotFound for every other one, whosever it is."""
    found = PeopleExport.objects.select_related("job").filter(pk=export_id, asked_by=member).first()
    if found is None:
        raise NotFound("export_unknown", _("There is no such file."))
    return found


def get_export_file(export_id: UUID, token: str, *, member: Membership, now: datetime) -> PeopleExport:
    """The same, with a file that is whole and whose days are not over, by its own address."""
    export = get_export(export_id, member=member)
    is_there = export.ready_at is not None and export.expires_at is not None and export.expires_at > now
    if not is_there or not hmac.compare_digest(export.token.encode(), token.encode(errors="replace")):
        raise NotFound("export_unknown", _("There is no such file."))
    return export


def iter_pieces(business_id: int, export: PeopleExport) -> Iterator[bytes]:
    """What stands in a file, piece by piece, each in a scope of its own."""
    for number in range(export.piece_count):
        with business_scope(business_id):
            piece = ExportPiece.objects.filter(export=export, number=number).values_list("content", flat=True).first()
        if piece is None:
            raise RuntimeError("The file was thrown away while it was fetched.")
        yield bytes(piece)


def exports_of_jobs(job_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The file that each of these jobs writes."""
    found = PeopleExport.objects.filter(job_id__in=job_ids).values_list("job_id", "pk")
    return {job_id: pk for job_id, pk in found if job_id is not None}
