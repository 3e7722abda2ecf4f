"""`manage.py delete_closed_businesses`: deletes what was closed thirty days ago. Runs daily, as the tables' owner."""

import signal
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from ecosystem.base.clock import now
from ecosystem.base.postgres.routing import OWNER_ALIAS
from ecosystem.services.closing import businesses_to_delete, delete_business

DAY = 24 * 3600


class Command(BaseCommand):
    """Each business in a transaction of its own: one that fails leaves the others."""

    help = "Delete all rows of the businesses whose thirty days of closing are over."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--daily", action="store_true", help="Stay, and do it again every day until told to end.")

    def handle(self, *args: Any, **options: Any) -> None:
        if OWNER_ALIAS not in settings.DATABASES:
            raise CommandError("Set MIGRATION_DATABASE_URL: only the owner of the tables may delete a business.")
        if not options["daily"]:
            self._delete_due()
            return
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        while True:
            self._delete_due()
            # No connection of the owner stands open while nothing is to be done.
            connections[OWNER_ALIAS].close()
            time.sleep(DAY)

    def _delete_due(self) -> None:
        moment = now()
        for business_id in businesses_to_delete(now=moment, using=OWNER_ALIAS):
            count = delete_business(business_id, now=moment, using=OWNER_ALIAS)
            self.stdout.write(f"Business {business_id}: {count} rows deleted.")
