"""Many letters through everything that can go wrong at once, and the account of every one of them.

The notifier's worker is a process of its own, `star work notifier`; so is the mail server, which is slow and has bad manners. Both are
killed and started again, by turns, while the letters go. In the end each letter has arrived once, or it is told why not; and each copy
too many goes back to an attempt of which nobody could know how it ended.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.letters.handlers.crossings import CrossingsHandler
from services.notifier.worker import roster_handler
from shared.bus.interface import Message, Outgoing
from shared.clock import utc_now
from shared.db.engine import create_engine
from shared.deadletters.box import DeadLetterBox
from shared.events.catalogue import SCHOOL_UPDATED, STUDENT_UPDATED
from shared.events.data import Caregiver, SchoolUpdated, StudentUpdated, TermDates
from shared.events.envelope import Event, new_event_id
from shared.identifiers import StudentId, crossing_event_id, student_id
from tests.support.applied import Applied
from tests.support.crossings import TERM, up
from tests.support.ports import free_port
from tests.support.processes import Process
from tests.support.rude_mail_server import RudeMailServer, rude_mail_server
from tests.support.worklist import leases_run_out

BATCH = 500
STUDENTS = 200
"""The number for each school."""

LOOK_AGAIN = 0.1
PATIENCE = 240.0
"""Seconds in which at least one more letter must have come to its end."""

KINDS: Sequence[tuple[str, int]] = (("gone", 2), ("unwanted", 1), ("grey", 5))
"""A hundred letters: so many to each kind of recipient that the mail server has its own mind about."""


@dataclass(frozen=True)
class Account:
    """The letters' ends. `twice` counts copies too many, all of them explained."""

    letters: int
    sent: int
    refused: int
    twice: int
    worker_kills: int
    server_kills: int
    cut_short: int
    seconds: float


def recipient_of(number: int) -> str:
    """The address of the `number`-th letter: its kind is in its name."""
    place = number % 100
    for kind, share in KINDS:
        if place < share:
            return f"{kind}-{number}@example.test"
        place -= share
    return f"family-{number}@example.test"


async def prove(folder: Path, database_url: str, letters: int, kills: int) -> Account:
    """Sends so many letters, with so many kills of the worker, and as many of the mail server. Raises AssertionError for what is not
    accounted for."""
    engine = create_engine(database_url, "notifier", pool_size=4)
    try:
        await _cross(engine, letters)
        with rude_mail_server(free_port(), folder / "journal") as server:
            worker = _worker(folder, database_url, server.port)
            began = time.monotonic()
            worker.start()
            try:
                killed = await _until_settled(engine, worker, server, letters, kills)
                seconds = time.monotonic() - began
            finally:
                code = worker.stop()
            assert code == 0, worker.output.read_text()[-3000:]
            return await _account(engine, server, letters, killed, seconds)
    finally:
        await engine.dispose()


def _worker(folder: Path, database_url: str, smtp_port: int) -> Process:
    port = free_port()
    environment = {
        "STAR_DATA": str(folder / "data"),
        "STAR_DATABASE_URL": database_url,
        "STAR_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        "STAR_SMTP_TIMEOUT": "PT10S",
        "STAR_HOLD": "PT0S",
        "STAR_LETTER_WINDOW": "any",
        "STAR_DELIVERY_PAUSE": "PT0.2S",
        "STAR_DELIVERY_LONGEST_PAUSE": "PT2S",
        "STAR_DAILY_CAP_LEAST": "100000",
        "STAR_KAFKA_PARTITIONS": "1",
    }
    return Process(
        ["work", "notifier", "--port", str(port)],
        environment=environment,
        output=folder / "worker.log",
        health=f"http://127.0.0.1:{port}/healthz",
    )


async def _cross(engine: AsyncEngine, letters: int) -> None:
    """Every student of a school passes a threshold, and has one caregiver."""
    now, box, offset = utc_now(), DeadLetterBox("notifier"), iter(range(1, 10_000_000))
    roster = Applied(engine, roster_handler(box, utc_now))
    crossings = Applied(engine, CrossingsHandler(box, utc_now, hold=timedelta(0)))

    def message(outgoing: Outgoing) -> Message:
        return Message(outgoing.topic, 0, next(offset), outgoing.key, outgoing.value, outgoing.headers)

    def event(kind: Any, key: str, data: Any) -> Message:
        return message(Event(kind, new_event_id(), "/ingest", now, key, data).encode())

    days = (now.date() - timedelta(days=30), now.date() + timedelta(days=30))
    for school in sorted({school_of(number) for number in range(letters)}):
        data = SchoolUpdated(school=school, name=f"Example College {school}", terms=[TermDates(TERM, *days)], updated_at=now)
        await roster([event(SCHOOL_UPDATED, school, data)])
    for first in range(0, letters, BATCH):
        numbers = range(first, min(first + BATCH, letters))
        await roster([event(STUDENT_UPDATED, str(_student(number)), _joined(number, now)) for number in numbers])
        await crossings([message(_crossing(number, now).encode()) for number in numbers])


def school_of(number: int) -> str:
    """The school of the `number`-th student."""
    return f"{1000 + number // STUDENTS:04}"


def _student(number: int) -> StudentId:
    return student_id(school_of(number), str(number))


def _joined(number: int, now: datetime) -> StudentUpdated:
    return StudentUpdated(
        school=school_of(number),
        student=str(number),
        student_id=_student(number),
        given_name="Tāne",
        family_name="Example",
        caregivers=[Caregiver(name="Mere Example", email=recipient_of(number))],
        updated_at=now,
    )


def _crossing(number: int, now: datetime) -> Event:
    event = up(5, 10, to="yellow", student=str(number), said_at=now)
    data = msgspec.structs.replace(event.data, school=school_of(number), student_id=_student(number))
    return replace(event, id=str(crossing_event_id(_student(number), TERM, 5, 1, "up")), key=str(_student(number)), data=data)


async def _until_settled(engine: AsyncEngine, worker: Process, server: RudeMailServer, letters: int, kills: int) -> tuple[int, int]:
    """Kills by turns, at even steps of what is done, until all is; answers how often the worker and the server were killed."""
    worker_kills = server_kills = 0
    done, since = -1, time.monotonic()
    while True:
        settled = await _settled(engine)
        if settled > done:
            done, since = settled, time.monotonic()
        assert time.monotonic() - since < PATIENCE, f"nothing went on after {done} letters: {await _open(engine)}"
        if settled == letters:
            return worker_kills, server_kills
        step = settled * (2 * kills + 1) // letters
        if step > worker_kills + server_kills and worker_kills + server_kills < 2 * kills:
            if worker_kills <= server_kills:
                worker.kill()
                worker_kills += 1
                await leases_run_out(engine)
                worker.start()
            else:
                server.kill()
                server_kills += 1
                # Long enough for letters to meet nobody there.
                await asyncio.sleep(0.5)
                server.start()
        await asyncio.sleep(LOOK_AGAIN)


async def _settled(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM deliveries WHERE status <> 'waiting'"))).scalar_one())


async def _open(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT kind, state, last_error, count(*) FROM work GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 10")
        )
        return [tuple(row) for row in rows]


async def _account(engine: AsyncEngine, server: RudeMailServer, letters: int, killed: tuple[int, int], seconds: float) -> Account:
    async with engine.connect() as connection:
        found = await connection.execute(
            text(
                """
                SELECT d.recipient, d.status, d.message_id, d.reason,
                    (SELECT count(*) FROM work_attempts a WHERE a.work_id = d.id AND a.outcome IS NULL) AS cut_short,
                    (SELECT count(*) FROM work_attempts a
                     WHERE a.work_id = d.id AND a.outcome = 'retry' AND a.detail LIKE 'the mail server is away%') AS unsure,
                    (SELECT count(*) FROM bad_addresses b WHERE b.address = d.recipient) AS bad
                FROM deliveries d
                """
            )
        )
        rows = list(found)
    kept = server.kept()
    copies = Counter(message_id for message_id, _ in kept)
    assert sorted(row.recipient for row in rows) == sorted(map(recipient_of, range(letters))), "a letter is missing, or was written twice"
    assert set(copies) <= {row.message_id for row in rows}, "somebody else's letter"
    assert {(row.message_id, row.recipient) for row in rows if row.message_id in copies} == set(kept), "a letter went astray"
    for row in rows:
        match row.recipient.partition("-")[0]:
            case "gone":
                expected = ("failed", "RCPT 550 5.1.1 (no such mailbox)", 1)
            case "unwanted":
                expected = ("failed", "DATA 554 5.7.1 (refused by policy)", 0)
            case _:
                expected = ("sent", None, 0)
        assert (row.status, row.reason, row.bad) == expected, row
        assert (copies[row.message_id] >= 1) == (row.status == "sent"), row
        # Each copy too many: an attempt that a kill cut short, or one whose connection broke after the letter was handed over.
        assert copies[row.message_id] <= 1 + row.cut_short + row.unsure, row
    return Account(
        letters=letters,
        sent=sum(row.status == "sent" for row in rows),
        refused=sum(row.status == "failed" for row in rows),
        twice=sum(copies.values()) - len(copies),
        worker_kills=killed[0],
        server_kills=killed[1],
        cut_short=sum(row.cut_short for row in rows),
        seconds=seconds,
    )
