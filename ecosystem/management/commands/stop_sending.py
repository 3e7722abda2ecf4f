"""`manage.py stop_sending`: lets nothing leave any more, of one business or of all."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from ecosystem.services.sending import pause_sending, stop_all_sending


class Command(BaseCommand):
    """The operator's switch. Owners read the reason."""

    help = "Stop everything that one business or all send, within five seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", metavar="SLUG", help="this one alone; its owners are told by mail")
        parser.add_argument("--reason", required=True, help="the sentence that owners read")

    def handle(self, *args: Any, **options: Any) -> None:
        reason = options["reason"].strip()
        if not reason:
            raise CommandError("Say why, in a sentence: owners read it.")
        if options["business"] is None:
            is_new = stop_all_sending(reason=reason)
        else:
            business = Business.objects.filter(slug=options["business"]).first()
            if business is None:
                raise CommandError("There is no such business.")
            with business_scope(business):
                is_new = pause_sending(reason=reason, actor=None, now=now())
        self.stdout.write("Nothing leaves any more." if is_new else "It was stopped already.")
