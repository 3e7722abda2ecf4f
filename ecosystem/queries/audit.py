"""Reading the audit trail."""

from django.db.models import QuerySet

from ecosystem.models import AuditEntry


def audit_entries(*, action: str | None = None) -> QuerySet[AuditEntry]:
    """What was done in the current business, newest first, perhaps of one action only."""
    entries = AuditEntry.objects.order_by("-id")
    return entries.filter(action=action) if action else entries
