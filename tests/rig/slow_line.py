"""A line on which each answer comes some milliseconds later: `python -m tests.rig.slow_line PORT SECONDS`.

Prints the port that it listens on. Between the workers and a receiver that answers at once it gives a kill time to hit
somebody who waits for an answer.
"""

import asyncio
import contextlib
import sys


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """What one side says, to the other, so many seconds later, until either hangs up."""
    with contextlib.suppress(OSError):
        while said := await reader.read(65_536):
            await asyncio.sleep(seconds)
            writer.write(said)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


async def main() -> None:
    """Serve until killed."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, back, 0), carry(there, writer, seconds))

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - its starter reads it
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
