"""`make bench-nation`: prints the figures and writes them to bench-nation.json."""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import httpx
import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer

from tests.bench import schools
from tests.bench.load import Connection, post
from tests.bench.nation.country import A_CLASS, COLUMNS, Country, near, rows_before, sessions
from tests.bench.nation.machine import Account, Machine, look_into, running_machine
from tests.bench.nation.other_days import close_a_day, replay
from tests.bench.results import Results

CONNECTIONS: Final = 12
"""Posts under way at once: vendors send from a few machines."""
STEADY: Final = 7_000
"""Marks a second at which a worker keeps up with ease."""
PATIENCE: Final = 1_800.0


async def send_schools(machine: Machine, country: Country) -> None:
    """PUTs every school and waits until the heart knows them."""
    assert machine.database is not None
    limit = asyncio.Semaphore(8)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {machine.token}"}, timeout=60) as http:

        async def put(school: int) -> None:
            async with limit:
                url = f"http://127.0.0.1:{machine.doors[school % len(machine.doors)]}/v1/schools/{schools.number(school)}"
                (await http.put(url, json=schools.school_body(school))).raise_for_status()

        await asyncio.gather(*map(put, range(country.schools)))
    while await machine.database.fetchval("SELECT count(*) FROM thresholds.schools") < country.schools:
        await asyncio.sleep(0.2)


async def fill_register(machine: Machine, country: Country) -> None:
    """Writes the rows of the term so far, as the heart would have."""
    assert machine.database is not None
    await machine.database.copy_records_to_table(
        "register", schema_name="thresholds", records=rows_before(country), columns=COLUMNS, timeout=PATIENCE
    )
    await machine.database.execute("VACUUM ANALYZE thresholds.register", timeout=PATIENCE)
    await machine.database.execute("CHECKPOINT", timeout=PATIENCE)


async def pour(machine: Machine, requests: Sequence[tuple[str, bytes]], rate: float | None = None) -> tuple[float, dict[str, float]]:
    """Posts the rolls through all doors, as fast as they are taken or at `rate` posts a second.

    Answers the seconds it took, and when each roll was accepted, by school and first student.
    """
    waiting = list(reversed(requests))
    accepted: dict[str, float] = {}

    async def client(port: int) -> None:
        connection = Connection("127.0.0.1", port)
        while waiting:
            if rate is not None:
                await asyncio.sleep(max(started + (len(requests) - len(waiting)) / rate - time.perf_counter(), 0))
                if not waiting:
                    break
            school, body = waiting.pop()
            status = await connection.send(post(f"/v1/schools/{school}/marks", machine.token, body))
            assert status == 202, status
            accepted[f"{school}/{_first_student(body)}"] = time.time()
        await connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(client(machine.doors[place % len(machine.doors)]) for place in range(CONNECTIONS)))
    return time.perf_counter() - started, accepted


def _first_student(body: bytes) -> str:
    return body[body.index(b'"student":"') + 11 :].split(b'"', 1)[0].decode()


async def consumed(machine: Machine) -> int:
    """How many marks records the register has consumed."""
    assert machine.database is not None
    query = "SELECT coalesce(sum(next_offset), 0) FROM thresholds.consumed WHERE topic = 'star.marks.v1'"
    return int(await machine.database.fetchval(query))


async def drained(machine: Machine, expected: int) -> float:
    """Waits until the register holds so many records; answers the moment."""
    deadline = time.perf_counter() + PATIENCE
    while await consumed(machine) < expected:
        assert time.perf_counter() < deadline, "the heart did not keep up"
        await asyncio.sleep(0.05)
    return time.perf_counter()


async def crossing_latencies(machine: Machine, accepted: dict[str, float], expected: int) -> list[float]:
    """Seconds from the door's answer to the crossing on its topic, sorted."""
    consumer = AIOKafkaConsumer(
        "star.crossings.v1", bootstrap_servers=machine.broker.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    # A crossing is of the class that its student is in: the class's first student is the last one at or before them.
    by_school: dict[str, list[tuple[int, float]]] = {}
    for place, moment in accepted.items():
        school, student = place.split("/")
        by_school.setdefault(school, []).append((int(student), moment))
    for firsts in by_school.values():
        firsts.sort()
    found: list[float] = []
    try:
        async with asyncio.timeout(60):
            while len(found) < expected:
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    for record in batch:
                        data = msgspec.json.decode(record.value)
                        moment = [at for first, at in by_school[data["school"]] if first <= int(data["student"])][-1]
                        found.append(record.timestamp / 1000 - moment)
    finally:
        await consumer.stop()
    return sorted(found)


def show(results: Results, name: str, marks: int, cost: Account) -> None:
    """Prints what a stage has cost."""
    results.add(f"{name}: first post to last commit", cost.at, "s")
    results.add(f"{name}: marks a second", marks / cost.at, "marks/s")
    results.add(f"{name}: WAL a mark", cost.wal / marks, "bytes")
    for part, cpu in cost.cpu.items():
        results.add(f"{name}: CPU a mark, {part}", cpu / marks * 1e6, "us")


async def morning(
    machine: Machine, country: Country, results: Results, name: str, second: int, crossings: int, rate: float | None = None
) -> None:
    """One roll of the whole country."""
    requests = list(country.rolls(sessions()[-1], second))
    records = await consumed(machine) + len(requests)
    before = await machine.account()
    seconds, accepted = await pour(machine, requests, rate)
    await drained(machine, records)
    cost = (await machine.account()).since(before)
    show(results, name, country.students, cost)
    results.add(f"{name}: accepted in", seconds, "s")
    doors = sum(cpu for part, cpu in cost.cpu.items() if part.startswith("door "))
    results.add(f"{name}: a post of a class at the door", doors / len(requests) * 1e3, "ms CPU")
    if crossings:
        latencies = await crossing_latencies(machine, accepted, crossings)
        for share in (50, 99):
            results.add(f"{name}: acceptance to crossing, p{share}", latencies[min(len(latencies) * share // 100, len(latencies) - 1)], "s")
        results.add(f"{name}: crossings", len(latencies), "events")
    results.add(f"{name}: memory of a worker", statistics.mean(_of_workers(machine.memory())) / 2**20, "MiB")


async def closed_day(machine: Machine, country: Country, results: Results) -> None:
    """A day that all schools close, while marks flow."""
    assert machine.database is not None
    written = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'register'"
    before, rows = await machine.account(), await machine.database.fetchval(written)
    seconds, ages = await close_a_day(machine, country)
    cost = (await machine.account()).since(before)
    # What a session has written is counted within a second of its end.
    await asyncio.sleep(2)
    results.add("closed: first word to last row", seconds, "s")
    results.add("closed: rows written", await machine.database.fetchval(written) - rows, "rows")
    results.add("closed: age of a mark meanwhile, p50", statistics.median(ages), "s")
    results.add("closed: age of a mark meanwhile, most", ages[-1], "s")
    results.add("closed: WAL a student", cost.wal / country.students, "bytes")
    for part, cpu in cost.cpu.items():
        results.add(f"closed: CPU a student, {part}", cpu / country.students * 1e6, "us")


async def replayed(machine: Machine, country: Country, results: Results) -> None:
    """The whole topic, and one school of it, beside the register."""
    for name, arguments in (("all", ()), ("one school", ("--school", schools.number(0)))):
        run = await asyncio.to_thread(replay, machine.environment, *arguments)
        results.add(f"replay of {name}: CPU", run.cpu, "s")
        results.add(f"replay of {name}: memory", run.memory / 2**20, "MiB")


def _of_workers(memory: dict[str, int]) -> Iterable[int]:
    return (size for part, size in memory.items() if part.startswith("worker"))


async def main() -> None:
    """Runs the stages on one set of servers."""
    parser = argparse.ArgumentParser(prog="bench-nation")
    parser.add_argument("--students", type=int, default=50_000)
    parser.add_argument("--stages", default="morning,again,corrections,closed,replay", help="morning or steady, then any of the rest")
    parser.add_argument("--json", type=Path, default=Path("bench-nation.json"))
    arguments = parser.parse_args()
    stages = arguments.stages.split(",")
    country = Country(arguments.students)
    crossings = sum(map(near, range(country.students)))
    results = Results()
    with tempfile.TemporaryDirectory(prefix="star-nation-", ignore_cleanup_errors=True) as folder, running_machine(Path(folder)) as machine:
        machine.database = await look_into(machine.database_url)
        results.heading(f"{country.students:,} students in {country.schools:,} schools, {len(sessions()) - 1} sessions before")
        await send_schools(machine, country)
        await fill_register(machine, country)
        if "steady" in stages:
            results.heading(f"A roll of every class at {STEADY:,} marks a second")
            await morning(machine, country, results, "steady", 0, crossings, STEADY / A_CLASS)
        else:
            results.heading("The morning: a roll of every class, cold")
            await morning(machine, country, results, "morning", 0, crossings)
        if "again" in stages:
            results.heading("The same roll once more")
            await morning(machine, country, results, "again", 0, 0)
        if "corrections" in stages:
            results.heading("The roll with later times, warm")
            await morning(machine, country, results, "corrections", 60, 0)
        if "closed" in stages:
            results.heading("A day that every school closes, while marks flow")
            await closed_day(machine, country, results)
        if "replay" in stages:
            results.heading("The topic replayed beside the register")
            await replayed(machine, country, results)
        await machine.database.close()
    results.write(arguments.json)
    print(f"\nwritten to {arguments.json}")


if __name__ == "__main__":
    uvloop.run(main())
