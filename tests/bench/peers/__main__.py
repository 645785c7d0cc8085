"""`make bench-peers`: the cost of a mark in the engine and in its peers, on the same rolls, broker and machine.

Written to bench-peers.json, too. Each peer does less than the engine: no calendar, no codes, no explanation, one kind of crossing.
"""

import argparse
import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import psutil
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.kafka.broker import KafkaBroker
from deploy.kafka.probe import free_port
from services.thresholds.roster.repository import schools as known_schools
from shared.db.engine import create_engine
from shared.events.data import SchoolUpdated
from tests.bench import schools
from tests.bench.nation.country import A_CLASS, Country
from tests.bench.nation.machine import cpu_of, look_into
from tests.bench.peers.job import PARTITIONS, STRETCHES, Stretch, first_words, placed, pour, rolls
from tests.bench.peers.peer import PEERS, Peer
from tests.bench.product import environment_of
from tests.bench.results import Results
from tests.support.processes import Process, run_star

PATIENCE: Final = 900.0
SETTLED: Final = 4.0
"""Seconds until the last commit of those who commit by the clock: its cost counts."""
ENGINE: Final = "The engine, two workers"

UNITS: Final = {"marks a second": "marks/s", "log of PostgreSQL": "bytes a mark", "crossings said more than once": "crossings"}


@dataclass
class Ground:
    """Broker and database of one run, and what reads the crossings."""

    broker: KafkaBroker
    url: str
    server: int
    producer: AIOKafkaProducer
    admin: AIOKafkaAdminClient
    seen: dict[tuple[str, str], int] = field(default_factory=dict)
    last: float = 0.0

    async def watch(self, topic: str) -> None:
        """Takes down each crossing and when the broker had it, until it is cancelled."""
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=self.broker.bootstrap,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            isolation_level="read_committed",
        )
        await consumer.start()
        try:
            async for record in consumer:
                said = msgspec.json.decode(record.value)
                who = said["school"], said["student"]
                self.seen[who] = self.seen.get(who, 0) + 1
                self.last = max(self.last, record.timestamp / 1000)
        finally:
            await consumer.stop()

    async def until(self, crossings: int, pids: Sequence[int]) -> None:
        """Waits until so many students have crossed. Raises AssertionError if a program has ended, or after `PATIENCE`."""
        deadline = time.monotonic() + PATIENCE
        while len(self.seen) < crossings:
            assert time.monotonic() < deadline, f"{len(self.seen)} of {crossings} crossings"
            assert all(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids), "a program has ended"
            await asyncio.sleep(0.05)


@asynccontextmanager
async def ground(folder: Path) -> AsyncIterator[Ground]:
    """A broker and a database for one peer, so that none meets what another has left."""
    with ExitStack() as cleanup:
        broker = KafkaBroker(folder / "kafka")
        broker.start()
        cleanup.callback(broker.stop)
        database = EmbeddedPostgres(folder / "postgres")
        url = database.start()
        cleanup.callback(database.stop)
        server = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, max_batch_size=500_000, max_request_size=1_000_000)
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
        await producer.start()
        await admin.start()
        try:
            yield Ground(broker, url, server, producer, admin)
        finally:
            await producer.stop()
            await admin.close()


async def measure(place: Ground, pids: Sequence[int], country: Country, topics: tuple[str, str], together: int) -> dict[str, float]:
    """Pours the stretches one after the other; answers the figures of each."""
    rolls_in, crossings_out = topics
    watching = asyncio.create_task(place.watch(crossings_out))
    try:
        await pour(place.producer, rolls_in, list(first_words(country)))
        await place.until(PARTITIONS, pids)
        expected, figures = PARTITIONS, {}
        for stretch in STRETCHES:
            expected += len(range(stretch.crosses, country.students, 100))
            figures |= await _stretch(place, pids, country, stretch, rolls_in, together, expected)
        figures["crossings said more than once"] = sum(times - 1 for times in place.seen.values())
        return figures
    finally:
        watching.cancel()


async def _stretch(
    place: Ground, pids: Sequence[int], country: Country, stretch: Stretch, topic: str, together: int, expected: int
) -> dict[str, float]:
    records = placed(rolls(country, stretch, together))
    marks = country.students * (stretch.after - stretch.first)
    parts = {"program": pids, "Kafka": [_broker(place)], "PostgreSQL": [place.server]}
    await asyncio.sleep(SETTLED)
    before, log = _cost(parts), await _log(place)
    started = time.time()
    await pour(place.producer, topic, records)
    await place.until(expected, pids)
    await asyncio.sleep(SETTLED)
    spent = {part: cost - before[part] for part, cost in _cost(parts).items()}
    figures = {f"{stretch.name}, {part}": cost / marks * 1e6 for part, cost in spent.items()}
    figures[f"{stretch.name}, all"] = sum(figures.values())
    figures[f"{stretch.name}, marks a second"] = marks / (place.last - started)
    figures[f"{stretch.name}, log of PostgreSQL"] = (await _log(place) - log) / marks
    return figures


async def _log(place: Ground) -> int:
    database = await look_into(place.url)
    try:
        return int(await database.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'"))
    finally:
        await database.close()


def _broker(place: Ground) -> int:
    return int((place.broker.folder / "broker.pid").read_text().split()[0])


def _cost(parts: Mapping[str, Sequence[int]]) -> dict[str, float]:
    return {part: sum(map(cpu_of, pids)) for part, pids in parts.items()}


async def of_peer(peer: Peer, country: Country, folder: Path) -> dict[str, float]:
    """The figures of one peer."""
    async with ground(folder) as place:
        topics = [
            NewTopic(name, PARTITIONS, 1, topic_configs={"message.timestamp.type": "LogAppendTime"}) for name in ("rolls", "crossings")
        ]
        await place.admin.create_topics(topics)
        environment = {"BOOTSTRAP": place.broker.bootstrap, "INPUT": "rolls", "OUTPUT": "crossings", "DATABASE": place.url}
        try:
            pids = peer.start(environment, folder / "peer")
            return await measure(place, pids, country, ("rolls", "crossings"), peer.marks_in_a_record)
        except AssertionError as error:
            said = "\n".join(log.read_text()[-2000:] for log in (folder / "peer").glob("*.log"))
            raise AssertionError(f"{peer.name}: {error}\n{said}") from error
        finally:
            peer.stop()


async def of_engine(country: Country, folder: Path) -> dict[str, float]:
    """The figures of two workers of ours."""
    async with ground(folder) as place:
        environment = environment_of(folder, place.url, place.broker)
        await asyncio.to_thread(run_star, ["migrate"], environment)
        engine = create_engine(place.url, "thresholds", pool_size=2)
        async with engine.begin() as connection:
            for school in range(country.schools + PARTITIONS):
                sent = {**schools.school_body(school), "school": schools.number(school), "updated_at": datetime.now(UTC)}
                await known_schools.put(connection, msgspec.convert(sent, SchoolUpdated))
        await engine.dispose()
        with _workers(environment, folder) as pids:
            return await measure(place, pids, country, ("star.marks.v1", "star.crossings.v1"), A_CLASS)


@contextmanager
def _workers(environment: Mapping[str, str], folder: Path) -> Iterator[list[int]]:
    with ExitStack() as cleanup:
        pids = []
        for number in range(2):
            port = free_port()
            worker = Process(
                ["work", "thresholds", "--port", str(port)],
                environment=environment,
                output=folder / f"worker-{number}.log",
                health=f"http://127.0.0.1:{port}/healthz",
            )
            worker.start()
            cleanup.callback(worker.stop)
            pids.append(worker.pid)
        yield pids


def show(results: Results, name: str, promises: str, figures: Mapping[str, float], ours: Mapping[str, float]) -> None:
    """Prints what one has cost, beside the engine."""
    results.heading(f"{name} ({promises})")
    for figure, value in figures.items():
        results.add(f"{name}: {figure}", value, UNITS.get(figure.rsplit(", ", 1)[-1], "us CPU a mark"))
    for stretch in STRETCHES:
        results.ratio(f"{name}: {stretch.name}, all, of the engine's", figures[f"{stretch.name}, all"], ours[f"{stretch.name}, all"])


async def main() -> None:
    """Runs the engine, then each peer that was asked for."""
    parser = argparse.ArgumentParser(prog="bench-peers")
    parser.add_argument("--students", type=int, default=20_400)
    parser.add_argument("--only", default="", help="peers whose name holds this word")
    parser.add_argument("--json", type=Path, default=Path("bench-peers.json"))
    arguments = parser.parse_args()
    # The first seconds of a topic, until each partition has its leader, are no news.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    country, results = Country(arguments.students), Results()
    with tempfile.TemporaryDirectory(prefix="star-peers-", ignore_cleanup_errors=True) as folder:
        ours = await of_engine(country, Path(folder) / "engine")
        show(results, ENGINE, "once in totals and crossings", ours, ours)
        for number, peer in enumerate(PEERS):
            if arguments.only.lower() in peer.name.lower():
                figures = await of_peer(peer, country, Path(folder) / f"peer-{number}")
                show(results, peer.name, peer.promises, figures, ours)
    results.write(arguments.json)
    print(f"\nwritten to {arguments.json}")


if __name__ == "__main__":
    uvloop.run(main())
