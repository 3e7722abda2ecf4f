"""`manage.py resume_sending`: lets letters go again, of one business or of all that are not stopped themselves."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from ecosystem.services.sending import resume_all_sending, resume_sending


class Command(BaseCommand):
    """The other side of `stop_sending`."""

    help = "Let one business or all send again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["business"] is None:
            was_stopped = resume_all_sending()
        else:
            business = Business.objects.filter(slug=options["business"]).first()
            if business is None:
                raise CommandError("There is no such business.")
            with business_scope(business):
                was_stopped = resume_sending(actor=None, now=now())
        self.stdout.write("Letters go again, within a few minutes." if was_stopped else "Nothing was stopped.")
