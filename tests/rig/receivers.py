"""Who takes the letters of a run, in a process of its own: the rig's provider, one over HTTP, or Postfix's smtp-sink.

smtp-sink is a receiver that is not ours: it dumps each mail as it comes in. What a sender killed in the middle of a
mail had written so far stands there too; then the letter counts as taken, and a second one is seen as a twin.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import requests

from benchmarks._smtp_tools import find_tool, wait_for
from tests.rig.plans import ROOT, Plan
from tests.sms_server import SECRET as TEXT_SECRET

# Both as the account of the installation.
BY_SMTP = frozenset({"smtp", "sink"})
RECIPIENT = re.compile(rb"^X-Rcpt-Args: <([^>]*)>", re.MULTILINE)
MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Ways:
    """Where letters and texts are taken, and what is written down of them."""

    smtp: int
    http: int
    log: Path

    @property
    def texts_url(self) -> str:
        """The setting that leads texts there."""
        return f"sms+http://acc:{quote(TEXT_SECRET)}@127.0.0.1:{self.http}/texts?from=+12025550100"

    def mail_urls(self, provider: str) -> str:
        """The setting that leads the letters of a provider there."""
        return f"{provider}=http://127.0.0.1:{self.http}/{provider}/"

    def left_to_tell(self) -> int:
        """How many webhooks are not told yet."""
        if not self.http:
            return 0
        return int(requests.get(f"http://127.0.0.1:{self.http}/left", timeout=10).json()["left"])


@contextlib.contextmanager
def provider(plan: Plan, folder: Path) -> Iterator[Ways]:
    """Whoever takes the letters and texts of a plan."""
    if plan.provider == "sink":
        with smtp_sink() as (port, dump), slow_line(port, plan.mail_seconds) as near:
            yield Ways(near, 0, dump)
        return
    given = (plan.mail_seconds, plan.seed, plan.faults, plan.told)
    command = [sys.executable, "-m", "tests.simulator", str(folder), *map(str, given)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        yield Ways(**json.loads(process.stdout.readline()), log=folder / "taken.log")
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def smtp_sink() -> Iterator[tuple[int, Path]]:
    """A running smtp-sink: its port, and the file that it dumps to."""
    program, environment = find_tool("smtp-sink")
    place = Path(tempfile.mkdtemp(prefix="lampwalk-sink-"))
    place.chmod(0o777)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to run as root
    command = [program, *as_nobody, "-D", str(place / "dump"), f"127.0.0.1:{port}", "200"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield port, place / "dump"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def slow_line(port: int, seconds: float) -> Iterator[int]:
    """The port of a line to a receiver on which each answer comes so much later."""
    command = [sys.executable, "-m", "tests.rig.slow_line", str(port), str(seconds)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def log_of(plan: Plan, written: Path) -> Path:
    """What was written down, as lines of message-id and recipient."""
    if plan.provider != "sink":
        return written
    lines = []
    for mail in written.read_bytes().split(b"X-Mail-Args: ")[1:] if written.exists() else ():
        recipient, found = RECIPIENT.search(mail), MESSAGE_ID.search(mail)
        if recipient and found:
            lines.append(b"%b %b\n" % (found[1], recipient[1]))
    log = written.with_suffix(".log")
    log.write_bytes(b"".join(lines))
    return log
