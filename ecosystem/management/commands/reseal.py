"""`manage.py reseal`: seals every stored secret with the first of FIELD_KEYS; after it the others can go."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from ecosystem.services.sealed import reseal_everything


class Command(BaseCommand):
    """Prints how many were sealed anew, by column."""

    help = "Seal every stored secret with the newest key. Put a new key in front of FIELD_KEYS first."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(reseal_everything(), indent=2))
