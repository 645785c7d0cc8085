"""`make pictures`: plays the demo school in a folder of its own, and takes the tutorial's pictures of its screens."""

import argparse
import asyncio
import os
import socket
import tempfile
from pathlib import Path
from typing import Final

import uvloop

from deploy.cli.logs import log_of_run
from deploy.demo.play import play
from deploy.embedded.process import run
from shared.settings import Settings
from tests.pictures.week import take

FOLDER: Final = Path(__file__).parents[2] / "docs" / "pictures"


async def pictures(settings: Settings) -> None:
    """Starts everything, plays the demo, takes the pictures, and stops."""
    stop = asyncio.Event()
    taking: list[asyncio.Task[None]] = []

    async def perform(base_url: str) -> None:
        try:
            await play(base_url, settings.data)
            await take(base_url, settings.data, FOLDER)
        finally:
            stop.set()

    async def ready(base_url: str) -> None:
        taking.append(asyncio.create_task(perform(base_url)))

    await run(settings, ready=ready, stop=stop)
    await asyncio.gather(*taking)


def main() -> None:
    """Takes the pictures in the data folder that was named, or in one that is gone afterwards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a data folder to keep: the next pictures come sooner")
    named: Path | None = parser.parse_args().data
    with tempfile.TemporaryDirectory(prefix="star-pictures-") as passing, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        probe.close()
        # The demo's letters go at once, whatever the hour.
        os.environ.setdefault("STAR_LETTER_WINDOW", "any")
        settings = Settings(data=(named or Path(passing)).resolve(), port=port)
        log_of_run(settings.data, settings.log_format, chosen=False)
        uvloop.run(pictures(settings))


main()
