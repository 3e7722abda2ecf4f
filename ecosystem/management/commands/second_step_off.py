"""`manage.py second_step_off EMAIL`: let somebody in again whose phone and recovery codes are gone."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from ecosystem.queries.users import find_user
from ecosystem.services.users import turn_off_second_step


class Command(BaseCommand):
    """Turns the second step of one login off. Make sure first, by a way other than mail, that it is they who ask."""

    help = "Turn off two-step sign-in for a login whose phone and recovery codes are gone; its owner is told by mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_user(options["email"])
        if user is None:
            raise CommandError("There is no login with that address.")
        with transaction.atomic():
            is_done = turn_off_second_step(user)
        self.stdout.write("Turned off; they were told by mail." if is_done else "It was off already.")
