"""`manage.py check_invariants`: proves that counts equal recounts and nothing was left lying; JSON, exit 0 or 1."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from ecosystem.services.invariants import check_invariants


class Command(BaseCommand):
    help = "Check that every business is as it must be. Prints JSON; exits with 1 when something is wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        proof = check_invariants()
        self.stdout.write(json.dumps({"ok": not proof.problems, **asdict(proof)}, indent=2))
        if proof.problems:
            sys.exit(1)
