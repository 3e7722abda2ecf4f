"""`migrate`, as the owner of the tables."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate

from ecosystem.base.postgres.routing import OWNER_ALIAS


class Command(migrate.Command):
    """Runs migrations on the alias `owner`, which exists where MIGRATION_DATABASE_URL is set."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=OWNER_ALIAS)

    def execute(self, *args: Any, **options: Any) -> str | None:
        if OWNER_ALIAS not in settings.DATABASES:
            raise CommandError("Set MIGRATION_DATABASE_URL: only the owner of the tables may migrate.")
        return super().execute(*args, **options)
