"""Connect a provider's events to a business, and print the address to write down at the provider."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.models import ProviderAccount
from campaigns.services.accounts import add_account, events_url
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business


class Command(BaseCommand):
    """Reads the secret from its input, never from an argument: those are seen by every process."""

    help = "Connect a provider's events to a business. The signing key (Brevo: name:password) is read from the input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", required=True, metavar="SLUG")
        parser.add_argument("--provider", required=True, choices=ProviderAccount.Provider.values)
        parser.add_argument("--name", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError("There is no such business.")
        secret = sys.stdin.readline().strip()
        if not secret:
            raise CommandError("Type the provider's signing key, or send it through a pipe.")
        with business_scope(business):
            account = add_account(provider=options["provider"], name=options["name"], secret=secret)
            self.stdout.write(events_url(account))
