"""Change what the events of a provider are proved by: the new secret counts at once, the one before it for a week."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.models import ProviderAccount
from campaigns.services.accounts import forget_old_events_secret, keep_events_secret
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business


class Command(BaseCommand):
    """Reads the secret from its input, never from an argument: those are seen by every process."""

    help = (
        "Change what a provider's events are proved by. The new secret (Brevo, Postmark: name:password) is read from"
        " the input; the one before it counts for a week. --drop-old ends that one at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", required=True, metavar="SLUG")
        parser.add_argument("--name", required=True, help="what the account is called")
        parser.add_argument("--drop-old", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError("There is no such business.")
        secret = "" if options["drop_old"] else sys.stdin.readline().strip()
        if not secret and not options["drop_old"]:
            raise CommandError("Type the provider's new signing key, or send it through a pipe.")
        with business_scope(business):
            account = ProviderAccount.objects.filter(name=options["name"]).first()
            if account is None:
                raise CommandError("That business has no account of this name.")
            if options["drop_old"]:
                forget_old_events_secret(account, actor=None)
                self.stdout.write("Only the newest secret counts.")
            else:
                keep_events_secret(account, secret, actor=None, now=now())
                self.stdout.write(f"Both secrets count until {account.old_secret_until}.")
