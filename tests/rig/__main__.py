"""The command of the rig. Prints a row of the table; ends with 1 where a promise was broken or no kill landed."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import django


def main() -> int:
    """Run a plan on a database of its own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
    django.setup()
    from tests.database import fresh_databases
    from tests.rig.experiment import run
    from tests.rig.fences import without_fences
    from tests.rig.plans import Plan
    from tests.rig.tables import HEAD, findings, row
    from tests.rig.town import make_town

    asked = _arguments()
    with tempfile.TemporaryDirectory() as name, fresh_databases("rig"):
        folder = Path(name)
        plan = Plan(
            kills=asked.kills,
            freezes=asked.freezes,
            postgres_kills=asked.postgres_kills,
            redis_flushes=asked.redis_flushes,
            cuts=asked.cuts,
            leaves=asked.leaves,
            told=asked.told,
            seed=asked.seed,
            mail_seconds=asked.mail_seconds,
            faults=asked.faults,
            provider=asked.provider,
            **({"code": without_fences(folder / "code")} if asked.without_fences else {}),
        )
        sizes = {"businesses": asked.businesses, "people": asked.people, "needed": asked.needed, "texts": asked.texts}
        report = run(plan, make_town(**sizes), folder)
        said = (folder / "workers.log").read_text()
    sys.stdout.write(f"{HEAD}\n{row(report)}\n")
    found = findings(report)
    sys.stdout.write("".join(f"- {sentence}\n" for sentence in found[:20]))
    if found and said:
        sys.stdout.write(said[-3000:])
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.rig", description=__doc__)
    for name in ("kills", "freezes", "postgres-kills", "redis-flushes", "cuts"):
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--leaves", type=int, default=0, help="how often some people leave in the middle of it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--businesses", type=int, default=150)
    parser.add_argument("--people", type=int, default=80)
    parser.add_argument("--needed", type=int, default=0, help="confirmations beside the letters of each business")
    parser.add_argument("--texts", type=int, default=0, help="texts beside the letters of each business")
    parser.add_argument("--mail-seconds", type=float, default=0.004)
    parser.add_argument("--faults", default="", help="shares of mails, such as 450=0.02,cut_after=0.005")
    parser.add_argument("--told", default="", help="of what was taken, such as bounced=0.02,twice=0.3,shuffled=0.5")
    parser.add_argument("--provider", default="smtp", help="smtp, sink (smtp-sink), or one by HTTP such as postmark")
    parser.add_argument("--without-fences", action="store_true", help="run workers whose code lacks the claim token")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
