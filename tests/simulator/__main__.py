"""The program: one process, one loop, two ports."""

import asyncio
import json
import sys
from functools import partial
from pathlib import Path

from tests.simulator import by_http, by_smtp
from tests.simulator.logs import AppendOnly
from tests.simulator.office import Office
from tests.simulator.script import Script
from tests.simulator.webhooks import Teller, read_doors


async def main() -> None:
    """Serve until killed."""
    folder, seconds, seed, faults, told = Path(sys.argv[1]), *sys.argv[2:6]
    script = Script(float(seconds), int(seed), faults, told)
    teller = Teller(read_doors(folder), script, AppendOnly(folder / "told.log"))
    office = Office(script, AppendOnly(folder / "taken.log"), teller)
    servers = [
        await asyncio.start_server(partial(serve, office), "127.0.0.1", 0, limit=2**20)
        for serve in (by_smtp.serve, by_http.serve)
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    print(json.dumps(dict(zip(("smtp", "http"), ports, strict=True))), flush=True)  # noqa: T201 - its starter reads it
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
