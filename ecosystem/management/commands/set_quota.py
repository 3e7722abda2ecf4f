"""`manage.py set_quota`: how much one business may use, where that is not as usual."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecosystem.base.errors import DomainError
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from ecosystem.queries.quotas import usages
from ecosystem.services.quotas import set_quotas


class Command(BaseCommand):
    """Gives a business figures of its own and prints how all its quotas stand. Without figures it only prints."""

    help = "Set how much one business may use: people=5000 storage=200 (MB) ..."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", metavar="SLUG", required=True)
        parser.add_argument(
            "figures", nargs="*", metavar="NAME=FIGURE", help="0: no limit; `usual`: as every other business"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError("There is no such business.")
        figures = dict(_read(text) for text in options["figures"])
        with business_scope(business):
            if figures:
                try:
                    set_quotas(figures)
                except DomainError as refused:
                    raise CommandError(str(refused)) from refused
            for usage in usages():
                self.stdout.write(f"{usage.key}: {usage.words}")


def _read(text: str) -> tuple[str, int | None]:
    name, _sign, figure = text.partition("=")
    if figure == "usual":
        return name, None
    if not (figure.isascii() and figure.isdigit()):
        raise CommandError(f"Write NAME=FIGURE with a whole number, not “{text}”.")
    return name, int(figure)
