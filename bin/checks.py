"""All checks, as many at once as there are cores, and pytest after them; the arguments are pytest's.

Fails if any failed.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sys.executable).parent
OURS = ["ecosystem", "contacts", "campaigns", "communities", "benchmarks", "tests", "bin", "manage.py"]


def checks() -> list[tuple[str, list[str]]]:
    """What is checked before the tests, and how; what takes longest first."""
    here = [name for name in OURS if (CHECKOUT / name).exists()]
    python = sys.executable
    return [
        # The database that each worker copies: they would all wait for the first of them to migrate it.
        ("template", [python, "-m", "tests.database"]),
        # Each test is found, and compiled once for all workers that come after.
        ("collection", [python, "-m", "pytest", "-n", "0", "--collect-only", "-q"]),
        ("types", [str(SCRIPTS / "mypy")]),
        ("migrations", [python, "manage.py", "makemigrations", "--check", "--dry-run"]),
        ("format", [str(SCRIPTS / "ruff"), "format", "--check", "-q", *here]),
        ("lint", [str(SCRIPTS / "ruff"), "check", "-q", "--output-format", "concise", *here]),
        ("templates", [str(SCRIPTS / "djlint"), "templates", "--lint", "--quiet"]),
        ("imports", [str(SCRIPTS / "lint-imports"), "--no-cache"]),
    ]


def run(name: str, command: list[str]) -> bool:
    """Run one check; its output is shown only when it fails."""
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    well = done.returncode == 0
    sys.stdout.write(f"{name:<11} {'ok' if well else 'FAILED'} ({time.monotonic() - began:.0f} s)\n")
    if not well:
        sys.stdout.write(f"{done.stdout}\n")
    sys.stdout.flush()
    return well


def main(arguments: list[str]) -> int:
    """Every check runs, whatever the ones before it said."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        went_well = list(pool.map(lambda check: run(*check), checks()))
    failed = [name for (name, _command), well in zip(checks(), went_well, strict=True) if not well]
    pytest = [sys.executable, "-m", "pytest", *([] if _chooses_workers(arguments) else _workers()), *arguments]
    code = subprocess.run(pytest, cwd=CHECKOUT, stdin=subprocess.DEVNULL, check=False).returncode
    if failed:
        sys.stderr.write(f"Failed before the tests: {', '.join(failed)}; see above.\n")
    return code or (1 if failed else 0)


def _workers() -> list[str]:
    """Two a core: many tests wait for processes, clocks, browsers and PostgreSQL while others work."""
    return ["-n", str(2 * min(os.cpu_count() or 1, 4))]


def _chooses_workers(arguments: list[str]) -> bool:
    return any(argument.startswith(("-n", "--numprocesses", "-p", "--pdb")) for argument in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
