"""A receiver of webhooks that costs next to nothing, as a process of its own: it answers 204, and counts each path's requests.

`python -m tests.bench.outgoing.receiver --port N --journal FILE`. Every request is a line of the journal: when, its path, its id.
"""

import argparse
import asyncio
import time
from pathlib import Path
from typing import TextIO, cast

import uvloop


class Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, journal: TextIO) -> None:
        self._journal = journal
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            lines = head.decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            length = int(headers.get("content-length", "0"))
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            self._journal.write(f"{time.time():.6f} {lines[0].split()[1]} {headers.get('webhook-id', '?')}\n")
            self._journal.flush()
            assert self._transport is not None
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def main() -> None:
    """Serves until the process ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    given = parser.parse_args()
    with given.journal.open("a", encoding="utf-8") as journal:
        server = await asyncio.get_running_loop().create_server(lambda: Session(journal), "127.0.0.1", given.port, backlog=1_000)
        print("ready", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
