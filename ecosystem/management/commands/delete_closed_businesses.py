"""`manage.py delete_closed_businesses`: deletes what was closed thirty days ago. Runs daily, as the tables' owner."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ecosystem.base.clock import now
from ecosystem.base.postgres.routing import OWNER_ALIAS
from ecosystem.services.closing import businesses_to_delete, delete_business


class Command(BaseCommand):
    """Each business in a transaction of its own: one that fails leaves the others."""

    help = "Delete all rows of the businesses whose thirty days of closing are over."

    def handle(self, *args: Any, **options: Any) -> None:
        if OWNER_ALIAS not in settings.DATABASES:
            raise CommandError("Set MIGRATION_DATABASE_URL: only the owner of the tables may delete a business.")
        moment = now()
        for business_id in businesses_to_delete(now=moment, using=OWNER_ALIAS):
            count = delete_business(business_id, now=moment, using=OWNER_ALIAS)
            self.stdout.write(f"Business {business_id}: {count} rows deleted.")
