"""A door and its worker in a process of their own, which tells how much memory it had at the start, and at most."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import uvloop

from services.ingest.app import create_app
from services.ingest.settings import IngestSettings
from services.ingest.worker import run_worker
from shared.web.server import serve
from tests.support.ports import free_port

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
KIB = 1024


@dataclass
class WatchedDoor:
    """Where it serves, and what it has told of its memory, in KiB; `peak` is there once it has ended."""

    url: str
    at_start: int
    peak: int = 0

    @property
    def growth(self) -> int:
        """KiB by which the process grew at most."""
        return self.peak - self.at_start


@asynccontextmanager
async def watched_door(database_url: str, data: Path) -> AsyncIterator[WatchedDoor]:
    """The process while the context lasts."""
    port = free_port()
    arguments = [sys.executable, "-m", "tests.integration.ingest.watched_door", database_url, str(data), str(port)]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=Path.cwd())
    assert process.stdout is not None
    try:
        # Lines of the log may come before it.
        while not (line := await asyncio.to_thread(process.stdout.readline)).startswith(b"ready "):
            assert line, "it ended before it was ready"
        door = WatchedDoor(f"http://127.0.0.1:{port}", int(line.split()[1]))
        yield door
        output, _ = await asyncio.to_thread(process.communicate)
        word, peak = output.split()[-2:]
        assert word == b"peak"
        door.peak = int(peak)
        print(f"memory: {door.at_start // KIB} MiB at the start, {door.peak // KIB} MiB at most")
    finally:
        process.kill()
        process.wait()


async def main(database_url: str, data: str, port: int) -> None:
    """Serves and works until standard input closes; prints the memory in use at the start, and the most there was."""
    settings = IngestSettings(data=Path(data), database_url=database_url)
    stop = asyncio.Event()
    app = create_app(settings, clock=lambda: NOW)

    async def started() -> None:
        print("ready", psutil.Process(os.getpid()).memory_info().rss // KIB, flush=True)

    loop = asyncio.get_running_loop()
    ended = loop.run_in_executor(None, sys.stdin.read)
    ended.add_done_callback(lambda _: stop.set())
    await asyncio.gather(serve(app, host="127.0.0.1", port=port, stop=stop, started=started), run_worker(settings, stop, clock=lambda: NOW))
    print("peak", _peak(), flush=True)


def _peak() -> int:
    """The most memory this process has held, in KiB. getrusage would count what its parent held before it."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1])


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
