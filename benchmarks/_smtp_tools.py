"""Postfix's smtp-sink and smtp-source: the receiver that takes everything, and the sender that we are measured by."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import Missing


def find_tool(name: str) -> tuple[str, dict[str, str]]:
    """The program and the environment it needs. It may stand in a package that was only unpacked (SMTP_TOOLS)."""
    folder = os.environ.get("SMTP_TOOLS", "")
    places = [folder] if folder else []
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ.get("PATH", ""), "/usr/sbin"]))
    if not found:
        raise Missing(
            f"{name} is not here. It comes with Debian's postfix package; nothing needs to be installed: "
            "`apt-get download postfix && dpkg -x postfix_*.deb tools`, then set SMTP_TOOLS=tools/usr/sbin."
        )
    libraries = Path(found).resolve().parent.parent / "lib" / "postfix"
    environment = dict(os.environ)
    if libraries.is_dir():
        environment["LD_LIBRARY_PATH"] = str(libraries)
    return found, environment


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """A running smtp-sink; its port."""
    program, environment = find_tool("smtp-sink")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to run as root
    process = subprocess.Popen(
        [program, *as_nobody, f"127.0.0.1:{port}", "200"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def source(port: int, *, count: int, size: int) -> None:
    """Have smtp-source send so many mails of that size over one connection."""
    program, environment = find_tool("smtp-source")
    command = [program, "-d", "-s", "1", "-m", str(count), "-l", str(size)]
    command += ["-f", "nora@example.com", "-t", "ana@example.com", f"127.0.0.1:{port}"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until it answers. Missing where it does not."""
    for _ in range(100):
        if process.poll() is not None:
            raise Missing("smtp-sink did not start: the libraries beside it are missing (see SMTP_TOOLS).")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise Missing("smtp-sink did not answer within five seconds.")
