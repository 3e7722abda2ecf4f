"""Makes of each `locale/*/LC_MESSAGES/django.po` the file that Django reads. Needs no gettext on the machine."""

from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management.base import BaseCommand


def compiled(source: Path) -> bytes:
    """The compiled form of a file of translations; fuzzy ones and those that are empty are left out."""
    with source.open("rb") as words:
        catalog = read_po(words, domain="django")
    made = BytesIO()
    write_mo(made, catalog)
    return made.getvalue()


class Command(BaseCommand):
    """Compile every language; a test says where that was forgotten."""

    help = "Compile the translations in locale/."

    def handle(self, *args: object, **options: object) -> None:
        """Write each `.mo` beside its `.po`."""
        for source in sorted(Path(settings.BASE_DIR, "locale").glob("*/LC_MESSAGES/django.po")):
            source.with_suffix(".mo").write_bytes(compiled(source))
            self.stdout.write(str(source.with_suffix(".mo").relative_to(settings.BASE_DIR)))
