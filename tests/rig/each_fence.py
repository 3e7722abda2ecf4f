"""Takes out one fence after another and tells which tests turn red: `python -m tests.rig.each_fence`.

A fence is a condition by which a worker that lost its hold on a letter can do nothing with it. Each is taken out of a
copy of the code, and the tests of delivery run on that copy. Ends with 1 where a fence can go and no test tells.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.rig.fences import PARTS, ROOT

SERVICES = "campaigns/services/"
TESTS = ("tests/campaigns/test_delivery.py", "tests/campaigns/test_agenda.py", "tests/campaigns/test_fences.py")


@dataclass(frozen=True)
class Fence:
    """What stands where, what is put in its place, and what it keeps out. `times` says how often it stands there."""

    keeps_out: str
    file: str
    stands: str
    gap: str
    times: int = 1


FENCES = (
    Fence(
        "claim: what another one holds", "delivery_claims.py", "<= %(now)s AND claim_token IS NULL\n", "<= %(now)s\n"
    ),
    Fence(
        "gate: a letter of another token",
        "delivery_gate.py",
        "queued.claim_token = %(token)s AND queued.handed_at IS NULL\n       AND EXISTS",
        "queued.handed_at IS NULL\n       AND EXISTS",
    ),
    Fence(
        "gate: a lease that is over",
        "delivery_gate.py",
        "                      AND claim.lease_until > clock_timestamp())\n     ORDER BY queued.id\n), candidate",
        "                      )\n     ORDER BY queued.id\n), candidate",
    ),
    Fence(
        "gate: what is handed over already",
        "delivery_gate.py",
        "claim_token = %(token)s AND queued.handed_at IS NULL",
        "claim_token = %(token)s",
        times=4,
    ),
    Fence(
        "mark in the row: another token",
        "delivery_lease.py",
        "queued.id = %(id)s AND queued.claim_token = %(token)s\n",
        "queued.id = %(id)s\n",
    ),
    Fence(
        "mark in the row: a lease that is over",
        "delivery_lease.py",
        "AND claim.id = %(token)s\n                  AND claim.lease_until > clock_timestamp())",
        "AND claim.id = %(token)s)",
    ),
    Fence(
        "renewing: a lease that is over",
        "delivery_lease.py",
        "AND id = %(token)s AND lease_until > statement_timestamp()",
        "AND id = %(token)s",
    ),
    Fence(
        "result: another token",
        "delivery_results.py",
        "AND queued.claim_token = %(token)s AND queued.handed_at IS NOT NULL",
        "AND queued.handed_at IS NOT NULL",
        times=2,
    ),
    Fence(
        "giving back: another token",
        "delivery_claims.py",
        "= ANY (%(ids)s::uuid[]) AND claim_token = %(token)s AND handed_at IS NULL",
        "= ANY (%(ids)s::uuid[]) AND handed_at IS NULL",
    ),
    Fence(
        "giving back: what was handed over",
        "delivery_claims.py",
        "= ANY (%(ids)s::uuid[]) AND claim_token = %(token)s AND handed_at IS NULL",
        "= ANY (%(ids)s::uuid[]) AND claim_token = %(token)s",
    ),
    Fence(
        "sweep: a lease that is good",
        "delivery_sweep.py",
        "AND lane = %(lane)s AND lease_until < clock_timestamp()",
        "AND lane = %(lane)s",
    ),
    Fence(
        "sweep: a mark of a PostgreSQL that is gone",
        "delivery_sweep.py",
        "claim.marked_in_rows_by IS NOT DISTINCT FROM pg_postmaster_start_time()",
        "claim.marked_in_rows_by IS NOT NULL",
    ),
    Fence(
        "sweep: what had begun by the word of the mark",
        "delivery_sweep.py",
        "claim.id = ANY (%(told)s::uuid[]) AND NOT queued.id = ANY (%(begun)s::uuid[])",
        "claim.id = ANY (%(told)s::uuid[])",
    ),
    Fence(
        "closing a claim: letters in its hand",
        "delivery_lease.py",
        "WHERE queued.claim_token = claim.id)",
        "WHERE false)",
    ),
)


def main() -> int:
    """Take out each, and print the table of docs/reliability.md."""
    sys.stdout.write("| Taken out | Turns red |\n| --- | --- |\n")
    unseen = 0
    for fence in FENCES:
        red = tests_without(fence)
        unseen += not red
        sys.stdout.write(f"| {fence.keeps_out} | {', '.join(f'`{name}`' for name in red[:3]) or '**nothing**'} |\n")
        sys.stdout.flush()
    return 1 if unseen else 0


def tests_without(fence: Fence) -> list[str]:
    """The names of the tests that fail on a copy of the code without a fence."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for part in PARTS:
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("pyproject.toml", "manage.py"):
            shutil.copy(ROOT / file, copy / file)
        path = copy / SERVICES / fence.file
        text = path.read_text()
        if text.count(fence.stands) != fence.times:
            raise ValueError(f"{fence.stands!r} stands in {fence.file} {text.count(fence.stands)} times.")
        path.write_text(text.replace(fence.stands, fence.gap))
        tests = [test for test in TESTS if (copy / test).exists()]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *tests]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    return list(dict.fromkeys(re.findall(r"^FAILED \S+::(\w+)", done.stdout, re.MULTILINE)))


if __name__ == "__main__":
    sys.exit(main())
