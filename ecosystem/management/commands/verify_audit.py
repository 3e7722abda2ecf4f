"""`manage.py verify_audit`: proves that nobody changed what the audit trail said; JSON, exit 0 or 1."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ecosystem.base.clock import now
from ecosystem.base.tenancy import each_business
from ecosystem.services.audit_chain import seal_audit, verify_audit


class Command(BaseCommand):
    """Recomputes the chain of every business. Keep the heads elsewhere to notice a chain that was made anew."""

    help = "Check the chain over the audit trail of every business. Exits with 1 when a link is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seal", action="store_true", help="Seal what has settled first.")

    def handle(self, *args: Any, **options: Any) -> None:
        chains = {}
        for business in each_business():
            while options["seal"] and seal_audit(now=now()):
                pass
            chains[str(business.pk)] = asdict(verify_audit())
        is_whole = all(chain["broken_at"] is None for chain in chains.values())
        self.stdout.write(json.dumps({"ok": is_whole, "businesses": chains}, indent=2))
        if not is_whole:
            sys.exit(1)
