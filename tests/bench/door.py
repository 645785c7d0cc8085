"""The cost of a post to the door, in CPU of its process: a class and a single mark, alone and many at once.

`python -m tests.bench.door`; with `--beside TREE` a door of another checkout takes turns with ours, on the same broker and database, so
that a busy machine slows both alike.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

from deploy.kafka.probe import free_port
from tests.bench import schools
from tests.bench.load import post, send_all
from tests.bench.nation.machine import cpu_of
from tests.bench.product import Product, environment_of, running_product
from tests.bench.results import Results
from tests.support.processes import Process

SCHOOLS: Final = 40
POSTS: Final = 1_000
ROUNDS: Final = 3


@dataclass(frozen=True)
class Load:
    """Posts of so many marks, so many of them under way at once."""

    name: str
    marks: int
    at_once: int


LOADS: Final = (
    Load("a class of 30, 12 at once", 30, 12),
    Load("a class of 30, alone", 30, 1),
    Load("a single mark, 12 at once", 1, 12),
    Load("a single mark, alone", 1, 1),
)


@contextmanager
def doors(product: Product, folder: Path, beside: Path | None) -> Iterator[Mapping[str, tuple[int, int]]]:
    """The doors under measurement by name: port and process id."""
    found = {"ours": (product.ingest_port, product.ingest.pid)}
    if beside is None:
        yield found
        return
    port = free_port()
    other = Process(
        ["serve", "ingest", "--port", str(port)],
        environment=environment_of(folder, product.database_url, product.broker),
        output=folder / "beside.log",
        health=f"http://127.0.0.1:{port}/healthz",
        tree=beside,
    )
    other.start()
    try:
        yield found | {"beside": (port, other.pid)}
    finally:
        other.stop()


async def measure(port: int, pid: int, token: str, load: Load, round_: int) -> float:
    """CPU milliseconds of the door for one post of the load."""
    day, session = next(schools.half_days())
    requests = [
        post(
            f"/v1/schools/{schools.number(place % SCHOOLS)}/marks",
            token,
            schools.roll(day, session, first=place // SCHOOLS % 16 * 30, count=load.marks, second=round_),
        )
        for place in range(POSTS)
    ]
    before = cpu_of(pid)
    await send_all("127.0.0.1", port, requests, load.at_once)
    return (cpu_of(pid) - before) / POSTS * 1e3


async def main() -> None:
    """Runs the loads in turn, the doors in alternation."""
    parser = argparse.ArgumentParser(prog="bench-door")
    parser.add_argument("--beside", type=Path, help="another checkout, measured in alternation")
    parser.add_argument("--json", type=Path, default=Path("bench-door.json"))
    arguments = parser.parse_args()
    results = Results()
    with tempfile.TemporaryDirectory(prefix="star-door-", ignore_cleanup_errors=True) as name, running_product(Path(name)) as product:
        product.thresholds.stop()
        product.send_schools(SCHOOLS)
        with doors(product, Path(name), arguments.beside) as found:
            for port, pid in found.values():
                await measure(port, pid, product.token, LOADS[0], 0)
            results.heading("CPU of the door's process")
            for load in LOADS:
                sums = dict.fromkeys(found, 0.0)
                for round_ in range(ROUNDS):
                    for door, (port, pid) in found.items():
                        sums[door] += await measure(port, pid, product.token, load, round_)
                for door, milliseconds in sums.items():
                    results.add(f"{load.name}, {door}", milliseconds / ROUNDS, "ms a post")
                if "beside" in sums:
                    results.ratio(f"{load.name}: ours of the other's", sums["ours"], sums["beside"])
    results.write(arguments.json)


if __name__ == "__main__":
    uvloop.run(main())
