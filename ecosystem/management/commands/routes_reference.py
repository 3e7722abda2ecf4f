"""`manage.py routes_reference`: who may reach which address, role by role."""

from typing import Any

from django.core.management.base import BaseCommand

from ecosystem.routes_page import routes_page


class Command(BaseCommand):
    """Prints the matrix of roles, scopes and open doors over all addresses."""

    help = "Print who may reach which address."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(routes_page(), ending="")
