"""Servers for one command: started, lent, stopped. `bin/test` runs all its checks in here."""

import os
import subprocess
import sys

from ecosystem.config.embedded import programs
from ecosystem.config.embedded.log_stream import LogStream
from ecosystem.config.embedded.places import CHECKOUT, CannotStart, Places
from ecosystem.config.embedded.secrets import load_or_make
from ecosystem.config.embedded.servers import Servers
from ecosystem.config.embedded.supervisor import StopRequested, Supervisor


def test(places: Places, command: list[str]) -> int:
    """Run a command on embedded servers of its own and return its code."""
    try:
        places.make()
        lock = places.take_lock()
    except CannotStart as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    with places.log.open("w") as said:
        supervisor = Supervisor(LogStream(said))
        servers = Servers(places, load_or_make(places.secrets), for_tests=True)
        try:
            servers.start(supervisor)
            addresses = {**servers.app_environment(), **servers.owner_environment(), "DATA_DIR": str(places.data)}
            code = _run(supervisor, command, addresses)
        except StopRequested:
            code = 130
        except CannotStart as error:
            print(f"Cannot start: {error} See {places.log}.", file=sys.stderr)  # noqa: T201
            code = 1
        finally:
            supervisor.stop(programs.STOP_TIERS)
            lock.close()
    return code


def _run(supervisor: Supervisor, command: list[str], addresses: dict[str, str]) -> int:
    """The command has the terminal to itself; the servers write to their file meanwhile."""
    environment = {"DEBUG": "1", **os.environ, **addresses}
    # Tests are many processes, and start many more: each would compile the product and the tests anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdin=subprocess.DEVNULL)
    supervisor.waited_for_elsewhere.add(process.pid)
    try:
        while process.poll() is None:
            supervisor.turn(0.5)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
    return process.returncode
