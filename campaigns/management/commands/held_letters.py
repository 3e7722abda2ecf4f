"""`manage.py held_letters`: what is held because we were away, and, with `--send` or `--drop`, the end of it."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from campaigns.models import Sequence
from campaigns.queries.held_letters import MOST_COUNTED, HeldLetters, held_letters
from campaigns.services.held_letters import decide_held
from ecosystem.base.tenancy import each_business
from ecosystem.models import Absence, BusinessProfile
from ecosystem.services.heartbeat import look_around


class Command(BaseCommand):
    help = "List the absences and what every business holds since; --send or --drop decides about all that is named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", metavar="SLUG", help="of this business alone")
        parser.add_argument("--sequence", metavar="ID", help="of this sequence alone")
        decision = parser.add_mutually_exclusive_group()
        decision.add_argument("--send", action="store_true", help="send what is held, through the gate")
        decision.add_argument("--drop", action="store_true", help="drop it")

    def handle(self, *args: Any, **options: Any) -> None:
        look_around(at_once=True)
        for absence in Absence.objects.order_by("-id")[:10]:
            begin, end = (at.isoformat(timespec="seconds") for at in (absence.from_at, absence.until_at))
            self.stdout.write(f"Absence {absence.id}: {absence.kind} from {begin} to {end}. {absence.evidence}")
        slug, sequence_id, found = options["business"], _uuid(options["sequence"]), False
        for business in each_business():
            if slug and business.slug != slug:  # type: ignore[attr-defined]
                continue
            found = True
            for held in held_letters(sequence_id=sequence_id):
                self._tell(business.slug, held)  # type: ignore[attr-defined]
                if options["send"] or options["drop"]:
                    self._decide(held, sends=options["send"])
        if slug and not found:
            raise CommandError(f"There is no active business {slug!r}.")

    def _tell(self, slug: str, held: HeldLetters) -> None:
        number = f"more than {MOST_COUNTED}" if held.number > MOST_COUNTED else str(held.number)
        whose = f"{held.name} ({held.sequence_id})" if held.sequence_id else "confirmations, receipts and others"
        doubt = f", {held.in_doubt} of them may have left" if held.in_doubt else ""
        self.stdout.write(f"{slug}: held {number} of {whose}{doubt}")

    def _decide(self, held: HeldLetters, *, sends: bool) -> None:
        sequence = Sequence.objects.get(id=held.sequence_id) if held.sequence_id else None
        number = decide_held(sequence, sends=sends, absence=BusinessProfile.objects.get().absence_held)
        self.stdout.write(f"  {'sent' if sends else 'dropped'} {number}")


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise CommandError(f"{text!r} is no id of a sequence.") from None
