"""`manage.py bench NAME`: run one benchmark and print what was measured as JSON."""

import importlib
import json
import pkgutil
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.test.utils import override_settings

import benchmarks


class Command(BaseCommand):
    """Runs a module of `benchmarks/`: `send.wire` is benchmarks/send_wire.py, which holds its BENCHMARK."""

    help = "Run a benchmark beside its reference and print JSON. Without a name: list them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?")
        parser.add_argument("--scale", type=float, default=1.0, help="Part of the full workload, such as 0.05.")

    def handle(self, *args: Any, **options: Any) -> None:
        names = self._names()
        if options["name"] is None:
            self.stdout.write("\n".join(names))
            return
        if options["name"] not in names:
            raise CommandError(f"There is no benchmark of that name. There are: {', '.join(names)}.")
        if options["scale"] <= 0:
            raise CommandError("The scale must be above 0.")
        module = importlib.import_module(f"benchmarks.{options['name'].replace('.', '_')}")
        try:
            with override_settings(DEBUG=False):  # as in production: no statement is noted down
                report = module.BENCHMARK.report(options["scale"])
        except benchmarks.Missing as missing:
            raise CommandError(str(missing)) from missing
        self.stdout.write(json.dumps(report, indent=2))

    @staticmethod
    def _names() -> list[str]:
        found = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
        return sorted(name.replace("_", ".", 1) for name in found if not name.startswith("_"))
