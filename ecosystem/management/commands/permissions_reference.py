"""`manage.py permissions_reference`: who may do what, and what a key may be allowed, as docs/permissions.md."""

from typing import Any

from django.core.management.base import BaseCommand

from ecosystem.permissions_page import permissions_page


class Command(BaseCommand):
    """Prints the permission table from the table that the code asks."""

    help = "Print docs/permissions.md."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(permissions_page(), ending="")
