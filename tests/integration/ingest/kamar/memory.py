"""A door and its worker in a process of their own, which tells how much memory a push took at most. Started by `test_large.py`."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil
import uvloop

from services.ingest.app import create_app
from services.ingest.settings import IngestSettings
from services.ingest.worker import run_worker
from shared.web.server import serve

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
KIB = 1024


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
    print("peak", peak(), flush=True)


def peak() -> int:
    """The most memory this process has held, in KiB. getrusage would count what its parent held before it."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1])


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
