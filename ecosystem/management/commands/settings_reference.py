"""`manage.py settings_reference`: every environment variable with its default and its meaning, as docs/settings.md."""

from typing import Any

from django.core.management.base import BaseCommand

from ecosystem.config.reference import reference_page


class Command(BaseCommand):
    """Prints the settings reference from the typed readers."""

    help = "Print docs/settings.md."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(reference_page(), ending="")
