"""The quotas of a business that are not about its people: files that are kept, and calls of programs."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from ecosystem.queries.quotas import own_readings
from ecosystem.quotas import QUOTAS, READERS, Quota, Span
from ecosystem.rest import entry

READERS.add("ecosystem", own_readings)
QUOTAS.add(
    "storage",
    Quota(
        _("Room for files"),
        _("Lists until they are in, files of people that were taken out, copies of somebody's data, your pictures."),
        _("Files that were taken out go by themselves after three days; lists that are put away go at once."),
        "file-text",
        Span.KEPT,
        "ecosystem",
        lambda: settings.MOST_STORAGE_MB,
        scale=1_000_000,
        unit="MB",
        slack=100_000_000,
        is_told=True,
    ),
    order=20,
)
QUOTAS.add(
    "api_calls",
    Quota(
        _("Calls of programs this minute"),
        _("All keys together; one key has 300 at most."),
        _("What is beyond it is told to wait for the next minute. Nothing is lost."),
        "key-round",
        Span.MINUTE,
        "ecosystem",
        lambda: entry.PER_BUSINESS,
    ),
    order=50,
)
