"""Make a key for the API from a shell."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from ecosystem.queries.memberships import find_membership
from ecosystem.queries.users import find_user
from ecosystem.scopes import Scope
from ecosystem.services.api_keys import make_api_key


class Command(BaseCommand):
    """Prints the new key, and nothing else, once."""

    help = "Make an API key with some of a member's rights and print it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--business", required=True, metavar="SLUG")
        parser.add_argument("--user", required=True, metavar="EMAIL")
        parser.add_argument("--scopes", required=True, nargs="+", choices=[scope.value for scope in Scope])
        parser.add_argument("--name", default="made in a shell")

    def handle(self, *args: Any, **options: Any) -> None:
        business = Business.objects.filter(slug=options["business"]).first()
        user = find_user(options["user"])
        if business is None or user is None:
            raise CommandError("There is no such business or no such user.")
        with business_scope(business, user):
            actor = find_membership(user.pk, at=now())
            if actor is None:
                raise CommandError("That user is not in the team of this business.")
            try:
                new = make_api_key(name=options["name"], scopes=options["scopes"], expires_at=None, actor=actor)
            except DomainError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(new.text)
