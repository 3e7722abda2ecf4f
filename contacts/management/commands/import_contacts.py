"""`manage.py import_contacts --business SLUG FILE`: brings in a list as the pages do."""

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from contacts.models import Import, Topic
from contacts.services.import_slices import work_import
from contacts.services.imports import choose_sheet, map_import, permit_import, start_import, upload_import
from ecosystem.base.errors import DomainError
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business


class Command(BaseCommand):
    """Brings in a list here and now, and prints what became of it as JSON."""

    help = "Bring people in from a CSV file, an Excel workbook or cards (vCard); prints the outcome as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The business, the file, and what the people said."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--business", required=True, help="slug of the business")
        parser.add_argument("--sheet", default="", help="which sheet of a workbook, where several hold rows")
        parser.add_argument("--map", action="append", default=[], metavar="COLUMN=MEANING", help="e.g. Mail=email")
        parser.add_argument("--stage", default="suspect", help="rung of those whose row does not say")
        parser.add_argument("--tag", action="append", default=[])
        parser.add_argument("--said-yes", choices=["none", "column", "all"], default="none")
        parser.add_argument("--topic", default="", help="key of the topic they said yes to")
        parser.add_argument("--source", default="", help="where they said it")
        parser.add_argument(
            "--known", choices=Import.Known.values, default="skip", help="what of people we have already"
        )
        parser.add_argument("--said-on", type=date.fromisoformat, default=None, help="on which day, YYYY-MM-DD")

    def handle(self, *args: Any, **options: Any) -> None:
        """Walk through the four steps, then work slice by slice."""
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError(f"There is no business “{options['business']}”.")
        try:
            content = options["file"].read_bytes()
        except OSError as reason:
            raise CommandError(f"{options['file']} cannot be read: {reason.strerror}.") from reason
        try:
            with business_scope(business):
                imported = self._prepare(content, options)
            while work_import(business.id, imported.job_id):
                pass
        except DomainError as problem:
            raise CommandError(str(problem)) from problem
        with business_scope(business):
            done = Import.objects.defer("content").select_related("job").get(id=imported.id)
        outcome = {
            "state": done.state,
            "rows": done.row_count,
            "added": done.added_count,
            "known": done.known_count,
            "problems": done.problem_count,
            "without_room": done.roomless_count,
            "may_email": done.permitted_count,
            "message": done.job.message if done.job else "",
        }
        self.stdout.write(json.dumps(outcome))
        if done.state != Import.State.DONE:
            raise CommandError(outcome["message"] or "The list was not brought in to its end.")

    def _prepare(self, content: bytes, options: dict[str, Any]) -> Import:
        imported = upload_import(content, file_name=options["file"].name)
        if imported.sheets and options["sheet"] not in imported.sheets:
            raise CommandError(f"Say by --sheet which one: {', '.join(imported.sheets)}.")
        if imported.sheets:
            imported = choose_sheet(imported.id, options["sheet"])
        mapping = dict(imported.mapping)
        for pair in options["map"]:
            column, _sign, meaning = pair.partition("=")
            if column not in imported.header:
                raise CommandError(f"The list has no column “{column}”.")
            mapping[str(imported.header.index(column))] = meaning
        map_import(imported.id, mapping=mapping)
        topic = Topic.objects.filter(key=options["topic"]).first() if options["topic"] else None
        permit_import(
            imported.id,
            rule=options["said_yes"],
            topic=topic,
            source=options["source"],
            said_on=options["said_on"],
            stage=options["stage"],
            tags=options["tag"],
            known=options["known"],
        )
        return start_import(imported.id)
