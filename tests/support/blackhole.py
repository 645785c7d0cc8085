"""A way to a server that can be turned into a black hole, or into a slow and lossy link.

The forwarder is a process of its own. Stopped by SIGSTOP, its connections stay open, and the system takes what is sent to them. Between
these it takes orders by its standard input: what is to become of the pieces that come through.
"""

import asyncio
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from tests.support.ports import free_port

PROJECT = Path(__file__).parents[2]
HOST = "127.0.0.1"

RESENT_AFTER: Final = (0.2, 0.4, 0.8)
"""Seconds until TCP sends a lost packet again: Linux waits 0.2 at least, and twice as long each further time."""


@dataclass(frozen=True, slots=True)
class Link:
    """The way of each piece of up to 64 KiB: `delay` in seconds, give or take a half; shares that are `lost`, and `reset` connections."""

    delay: float = 0.0
    lost: float = 0.0
    reset: float = 0.0


class Way:
    """A forwarder that runs."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.port = port
        self._process = process

    def swallow(self) -> None:
        """From now on nothing comes through, either way."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def let_through(self) -> None:
        """Everything comes through again, with what waited."""
        os.kill(self._process.pid, signal.SIGCONT)

    def become(self, link: Link) -> None:
        """Every piece from now on, also of open connections."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(link)).encode() + b"\n")
        self._process.stdin.flush()


@contextmanager
def way_to(target: str, door: int | Path | None = None, *, within: Sequence[str] = ()) -> Iterator[Way]:
    """A forwarder to `host:port`, or to the path of a socket. `door` is its port or path; `within` is a command to run it by."""
    port = free_port() if door is None else door if isinstance(door, int) else 0
    command = [*within, sys.executable, "-m", "tests.support.blackhole", str(port or door), target]
    process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield Way(port, process)
    finally:
        process.kill()
        process.wait()


@contextmanager
def way_to_database(url: str) -> Iterator[tuple[Way, str]]:
    """A forwarder to a database that is reached by a socket in a folder, and the database's URL through it."""
    parts = urlsplit(url)
    with way_to(socket_of(url)) as way:
        yield way, f"postgresql://{parts.username}@{HOST}:{way.port}{parts.path}"


def socket_of(url: str) -> str:
    """The path of the socket by which a database is reached."""
    query = parse_qs(urlsplit(url).query)
    return f"{query['host'][0]}/.s.PGSQL.{query['port'][0]}"


class _Forwarder:
    """The process's own side."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._link = Link()

    async def serve(self, door: str) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin.fileno(), self._obey)
        starting = asyncio.start_server(self._meet, HOST, int(door)) if door.isdigit() else asyncio.start_unix_server(self._meet, door)
        async with await starting as server:
            print("ready", flush=True)
            await server.serve_forever()

    def _obey(self) -> None:
        # An order is written at once, and is shorter than what a pipe splits; the last is in force.
        if orders := os.read(sys.stdin.fileno(), 65536).splitlines():
            self._link = Link(**json.loads(orders[-1]))
        else:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await self._connect()
        except OSError:
            writer.close()
            return
        async with _both_closed(writer, there[1]):
            both = (writer, there[1])
            await asyncio.gather(self._copy(reader, there[1], both), self._copy(there[0], writer, both))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, _, number = self._target.rpartition(":")
        return await (asyncio.open_connection(host, int(number)) if host else asyncio.open_unix_connection(self._target))

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, both: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(65536):
                link = self._link
                if link.reset and random.random() < link.reset:
                    for end in both:
                        _reset(end)
                    return
                if link.delay or link.lost:
                    await asyncio.sleep(link.delay * random.uniform(0.5, 1.5) + _lost_for(link))
                writer.write(piece)
                await writer.drain()
        writer.close()


def _lost_for(link: Link) -> float:
    waited = 0.0
    for again in RESENT_AFTER:
        if random.random() >= link.lost:
            break
        waited += again
    return waited


def _reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection in the middle: over TCP by RST, as a middlebox that has forgotten it does."""
    taken: socket.socket = writer.get_extra_info("socket")
    with suppress(OSError):
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def _both_closed(*writers: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for writer in writers:
            writer.close()


if __name__ == "__main__":
    asyncio.run(_Forwarder(sys.argv[2]).serve(sys.argv[1]))
