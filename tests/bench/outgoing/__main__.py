"""`make bench-outgoing`: prints the figures and writes them to bench-outgoing.json."""

import argparse
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import structlog
import uvloop

from tests.bench.outgoing import feed, letters, rosters, webhooks, worklist
from tests.bench.results import Results


@dataclass(frozen=True)
class Size:
    """How many letters, how often a worker is killed meanwhile, and how much waits on the worklist at the most."""

    letters: int
    kills: int
    waiting: int


SMALL: Final = Size(letters=2_000, kills=2, waiting=100_000)
FULL: Final = Size(letters=20_000, kills=4, waiting=1_000_000)
"""A country's morning."""


Stage = Callable[[Path, Results, Size], Awaitable[None]]


async def _worklist(folder: Path, results: Results, size: Size) -> None:
    await worklist.measure(folder / "worklist", results, size.waiting)


async def _letters(folder: Path, results: Results, size: Size) -> None:
    for workers in (1, 2):
        name = f"{workers} worker{'s' * (workers > 1)}"
        await letters.burst(folder / f"burst-{workers}", results, name, size.letters, max(size.letters // 200, 1), workers)


async def _one_school(folder: Path, results: Results, size: Size) -> None:
    await letters.burst(folder / "one-school", results, "one school", size.letters // 4, 1, 1)


async def _slow(folder: Path, results: Results, size: Size) -> None:
    await letters.burst(folder / "slow", results, "a mail server that thinks 200 ms", size.letters // 4, 20, 1, think=0.2)


async def _trickle(folder: Path, results: Results, size: Size) -> None:
    await letters.trickle(folder / "trickle", results)


async def _crossings(folder: Path, results: Results, size: Size) -> None:
    await letters.corrections(folder / "crossings", results, size.letters)


async def _webhooks(folder: Path, results: Results, size: Size) -> None:
    for waiting in (4_000, size.letters * 5):
        one, two = [await webhooks.measure(folder / f"webhooks-{waiting}-{workers}", results, waiting, workers) for workers in (1, 2)]
        results.add(f"{waiting:,} waiting: two workers to one", two / one, "x")


async def _kills(folder: Path, results: Results, size: Size) -> None:
    await letters.kills(folder / "kills", results, size.letters, max(size.letters // 200, 1), size.kills)


async def _feed(folder: Path, results: Results, size: Size) -> None:
    await feed.measure(folder / "feed", results, size.letters)


async def _rosters(folder: Path, results: Results, size: Size) -> None:
    await rosters.measure(folder / "rosters", results)


STAGES: Final[dict[str, Stage]] = {
    "worklist": _worklist,
    "letters": _letters,
    "kills": _kills,
    "one-school": _one_school,
    "slow": _slow,
    "trickle": _trickle,
    "crossings": _crossings,
    "webhooks": _webhooks,
    "feed": _feed,
    "rosters": _rosters,
}


async def main() -> None:
    """Runs the stages, each on a database of its own."""
    parser = argparse.ArgumentParser(prog="bench-outgoing")
    parser.add_argument("--full", action="store_true", help="the size of a country instead of a tenth of it")
    parser.add_argument("--letters", type=int, help="how many letters, crossings, and a fifth of the webhooks")
    parser.add_argument("--kills", type=int, help="how often a worker is killed while the letters of the stage `kills` go")
    parser.add_argument("--stages", default=",".join(STAGES), help=", ".join(STAGES))
    parser.add_argument("--json", type=Path, default=Path("bench-outgoing.json"))
    given = parser.parse_args()
    size = FULL if given.full else SMALL
    size = replace(size, letters=given.letters or size.letters, kills=given.kills or size.kills)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    results = Results()
    with tempfile.TemporaryDirectory(prefix="star-outgoing-", ignore_cleanup_errors=True) as folder:
        for stage in given.stages.split(","):
            await STAGES[stage](Path(folder), results, size)
    results.write(given.json)
    print(f"\nwritten to {given.json}")


if __name__ == "__main__":
    uvloop.run(main())
