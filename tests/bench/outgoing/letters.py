"""Letters: all at once, at a trickle, to a slow mail server; and a correction in the middle of a burst."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.kafka.probe import free_port
from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.factory import create_bus
from shared.settings import Settings
from tests.bench.outgoing.country import cross, crossing, settle_in, student_of
from tests.bench.outgoing.machine import Machine, quantiles, running_machine, show_cost
from tests.bench.results import Results

PATIENCE: Final = 900.0
TRICKLE: Final = 5
TRICKLE_FOR: Final = 20
WARM: Final = 20


def kept(journal: Path) -> list[tuple[float, str]]:
    """When the mail server kept each letter, and whose it was."""
    lines = (line.split() for line in journal.read_text().splitlines())
    return [(float(at), recipient) for at, _, recipient in lines]


async def arrived(journal: Path, letters: int) -> list[tuple[float, str]]:
    """Waits until so many letters are there."""
    deadline = time.monotonic() + PATIENCE
    while len(found := kept(journal)) < letters:
        assert time.monotonic() < deadline, f"{len(found)} of {letters} letters arrived"
        await asyncio.sleep(0.1)
    return found


def mail_server(machine: Machine, journal: Path, *, think: float = 0.0, most: int = 1_000) -> str:
    """A mail server; answers the setting that names it."""
    port = free_port()
    journal.touch()
    options = ["--port", str(port), "--journal", str(journal), "--think", str(think), "--most", str(most)]
    machine.helper("mail server", ["tests.bench.outgoing.mail_server", *options])
    return f"smtp://127.0.0.1:{port}"


async def burst(
    folder: Path, results: Results, name: str, letters: int, schools: int, workers: int, *, think: float = 0.0, most: int = 1_000
) -> None:
    """So many letters are due when the workers begin."""
    results.heading(f"Letters: {letters:,} of {schools:,} schools due at once, {name}")
    with running_machine(folder) as machine:
        engine, journal = machine.engine("notifier"), folder / "journal"
        url = mail_server(machine, journal, think=think, most=most)
        await settle_in(engine, range(letters), schools)
        await cross(engine, range(letters), schools)
        before, began = await machine.account(engine), time.time()
        up = []
        for worker in range(workers):
            machine.start(f"worker {worker + 1}", "work", "notifier", STAR_SMTP_URL=url)
            up.append(time.time())
        found = await arrived(journal, letters)
        cost = (await machine.account(engine)).since(before)
        assert len({recipient for _, recipient in found}) == len(found) == letters, "a letter went twice"
        results.add(f"{name}: the first, after the workers' start", min(at for at, _ in found) - began, "s")
        # A worker sends before it is known to be up: what it sent until then counts as at once.
        results.add(f"{name}: the first, after the first worker was up", max(min(at for at, _ in found) - up[0], 0.0), "s")
        results.add(f"{name}: letters a second, all workers up", _rate([at for at, _ in found], max(up)), "/s")
        quantiles(results, f"{name}: from the workers' start", [at - began for at, _ in found])
        show_cost(results, name, cost, letters, "letter")
        await engine.dispose()


def _rate(moments: Sequence[float], since: float) -> float:
    """How many a second, from the first of them that came after `since` to the last."""
    later = sorted(at for at in moments if at >= since)
    return (len(later) - 1) / (later[-1] - later[0])


async def kills(folder: Path, results: Results, letters: int, schools: int, times: int) -> None:
    """Two workers send so many letters, and one of them is killed at each of so many steps of the way, and started again.

    A worker that dies between the mail server's yes and its commit sends that letter again, with the same Message-ID: as the mail server
    is told, this is one letter. Two Message-IDs for one recipient would be two.
    """
    results.heading(f"Letters: {letters:,} of {schools:,} schools due at once, a worker killed {times} times")
    # The lease of what a killed worker was at follows the timeout: others get there so much later.
    with running_machine(folder, STAR_SMTP_TIMEOUT="PT5S", STAR_TEXT_TIMEOUT="PT5S") as machine:
        engine, journal = machine.engine("notifier"), folder / "journal"
        await settle_in(engine, range(letters), schools)
        url = mail_server(machine, journal)
        names = ("worker 1", "worker 2")
        for name in names:
            machine.start(name, "work", "notifier", STAR_SMTP_URL=url)
        began = time.time()
        await cross(engine, range(letters), schools)
        left = []
        for step in range(times):
            await arrived(journal, letters * (step + 1) // (times + 1))
            worker = machine.parts[names[step % 2]]
            left.append(letters - len(kept(journal)))
            worker.kill()
            worker.launch()
        while len({recipient for _, recipient in kept(journal)}) < letters:
            assert time.time() - began < PATIENCE, "not all that was due was sent"
            await asyncio.sleep(0.1)
        took = max(at for at, _ in kept(journal)) - began
        await _nothing_waits(engine)
        machine.stop()
        sent = [line.split()[1:] for line in journal.read_text().splitlines()]
        ids: dict[str, set[str]] = defaultdict(set)
        for message_id, recipient in sent:
            ids[recipient].add(message_id)
        results.add(f"{times} kills: due", letters, "letters")
        results.add(f"{times} kills: left to send at the last kill", left[-1], "letters")
        results.add(f"{times} kills: sent", len(ids), "letters")
        results.add(f"{times} kills: sent twice", sum(len(theirs) > 1 for theirs in ids.values()), "letters")
        results.add(f"{times} kills: repeated under the same Message-ID", len(sent) - len(ids), "letters")
        results.add(f"{times} kills: from the first crossing to the last letter", took, "s")
        assert min(left) > 0, "a worker was killed when all had gone: too few letters for so many kills"
        assert len(ids) == letters, "not all that was due was sent, or more than that"
        assert all(len(theirs) == 1 for theirs in ids.values()), "a letter went twice"
        await engine.dispose()


async def trickle(folder: Path, results: Results) -> None:
    """A few letters a second, each due as its crossing comes."""
    letters = TRICKLE * TRICKLE_FOR
    results.heading(f"Letters: {TRICKLE} a second")
    with running_machine(folder) as machine:
        engine, journal = machine.engine("notifier"), folder / "journal"
        await settle_in(engine, range(WARM + letters), letters)
        machine.start("worker", "work", "notifier", STAR_SMTP_URL=mail_server(machine, journal))
        await cross(engine, range(WARM), letters)
        await arrived(journal, WARM)
        before, due = await machine.account(engine), {}
        for number in range(WARM, WARM + letters):
            await cross(engine, [number], letters)
            due[f"family-{number}@example.test"] = time.time()
            await asyncio.sleep(1 / TRICKLE)
        found = await arrived(journal, WARM + letters)
        cost = (await machine.account(engine)).since(before)
        quantiles(results, "trickle: from the crossing", [at - due[recipient] for at, recipient in found if recipient in due])
        show_cost(results, "trickle", cost, letters, "letter")
        await engine.dispose()


async def corrections(folder: Path, results: Results, crossings: int) -> None:
    """Crossings come on the bus while letters go; a correction at the end of them stops a letter that waits."""
    schools = max(crossings // 200, 1)
    results.heading(f"Crossings: {crossings:,} on the topic, letters going meanwhile")
    with running_machine(folder) as machine:
        engine, journal = machine.engine("notifier"), folder / "journal"
        await settle_in(engine, range(crossings), schools)
        bus = create_bus(Settings(database_url=machine.url, kafka_partitions=1))
        assert isinstance(bus, EmbeddedBus)
        await bus.ensure_topics()
        publisher = bus.publisher()
        await publisher.start()
        events = [crossing(number, schools).encode() for number in range(crossings)]
        for first in range(0, len(events), 1_000):
            await publisher.publish(events[first : first + 1_000])
        before = await machine.account(engine)
        machine.start("worker", "work", "notifier", STAR_SMTP_URL=mail_server(machine, journal))
        await _read(engine, crossings)
        results.add("crossings read a second, a letter's work beside them", await _read_rate(engine), "/s")
        results.add("letters sent while they were read", len(kept(journal)), "")
        last = crossings - 1
        corrected = time.time()
        await publisher.publish([crossing(last, schools, upwards=False).encode()])
        while not await _stopped(engine, last, schools):
            assert time.time() - corrected < PATIENCE
            await asyncio.sleep(0.05)
        results.add("from a correction to a stopped letter, in the burst", time.time() - corrected, "s")
        await arrived(journal, crossings - 1)
        cost = (await machine.account(engine)).since(before)
        assert f"family-{last}@example.test" not in {recipient for _, recipient in kept(journal)}, "the corrected letter went"
        show_cost(results, "crossing to mailbox", cost, crossings, "letter")
        await publisher.stop()
        await bus.close()
        await engine.dispose()


async def _read(engine: AsyncEngine, crossings: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        async with engine.connect() as connection:
            found = (await connection.execute(text("SELECT count(*) FROM crossings"))).scalar_one()
        if found >= crossings:
            return
        assert time.monotonic() < deadline, f"{found} of {crossings} crossings were read"
        await asyncio.sleep(0.05)


async def _read_rate(engine: AsyncEngine) -> float:
    """By the moments at which the batches began: all but the last batch were read between the first of these and the last."""
    query = text(
        """
        SELECT (count(*) - count(*) FILTER (WHERE handled_at = last)) / extract(epoch FROM max(handled_at) - min(handled_at))
        FROM crossings, (SELECT max(handled_at) AS last FROM crossings) moments
        """
    )
    async with engine.connect() as connection:
        return float((await connection.execute(query)).scalar_one())


async def _stopped(engine: AsyncEngine, number: int, schools: int) -> bool:
    query = text("SELECT NOT EXISTS (SELECT FROM crossings WHERE student_id = :id AND state <> 'retracted')")
    async with engine.connect() as connection:
        return bool((await connection.execute(query, {"id": student_of(number, schools)})).scalar_one())


async def _nothing_waits(engine: AsyncEngine) -> None:
    deadline = time.monotonic() + PATIENCE
    query = text("SELECT count(*) FROM work WHERE kind IN ('letter', 'delivery') AND state IN ('waiting', 'leased')")
    while True:
        async with engine.connect() as connection:
            left = (await connection.execute(query)).scalar_one()
        if not left:
            return
        assert time.monotonic() < deadline, f"{left} letters and deliveries are not ended"
        await asyncio.sleep(0.1)
