"""Weeks of changes, outages, refusals and restarts at random: in the end the Ministry knows all that is so, each upload there once."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.bus.interface import Outgoing
from shared.identifiers import star_record_id, student_id
from tests.integration.moe_sync.office import CLOSE, MONDAY, TERM, WEEK, Office
from tests.support.polling import eventually

STUDENTS = ("1", "2", "3", "4")
FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 422},
    {"status": 403},
    {"status": 503, "times": 2},
    {"status": 503, "after_storing": True},
    {"status": 429, "retry_after": 30},
)


class Truth:
    """What is so, told step by step by a plain reading of the events."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.records: dict[str, tuple[str, int]] = {}
        self.responses: set[str] = set()

    def change(self, office: Office) -> Outgoing:
        """One thing that can happen now."""
        student = self._chance.choice(STUDENTS)
        record = str(star_record_id(student_id("0999", student), TERM.term, 5))
        status, sequence = self.records.get(record, ("withdrawn", 0))
        if status == "withdrawn":
            self.records[record] = ("open", sequence + 1)
            return office.crossed(student, sequence=sequence + 1)
        what = self._chance.choice(["withdrawn", "respond", "closed" if status == "open" else "open"])
        if what == "respond":
            response = UUID(int=self._chance.getrandbits(128), version=4)
            self.responses.add(str(response))
            return office.responded(student, response=response)
        self.records[record] = (what, sequence)
        return office.retracted(student, sequence=sequence) if what == "withdrawn" else office.closed(student, status=what)


@pytest.mark.parametrize("seed", range(100, 125))
async def test_the_ministry_knows_it_all_in_the_end(office: Office, seed: int) -> None:
    chance = random.Random(seed)
    truth = Truth(chance)
    for week in range(4):
        for hour in range(5):
            await office.turn_to(MONDAY + week * WEEK + timedelta(hours=hour))
            said = truth.change(office)
            await office.publish(said, *([said] if chance.random() < 0.3 else []))
            if chance.random() < 0.3:
                await office.fault(**chance.choice(FAULTS))
            if chance.random() < 0.3:
                year_week = f"2026-W{43 + week}"
                assert (await office.run(year_week)).status_code in (200, 202)
            if chance.random() < 0.2:
                await office.stop()
                await office.start()
        await office.turn_to(CLOSE + week * WEEK)
        await eventually(lambda: _finished(office), week + 1)

    (await office.http.delete(f"{office.ministry}/ministry/faults")).raise_for_status()
    for hour in range(1, 30):
        if all(status not in ("pending", "sending") for _, _, status in await office.statuses()):
            break
        await office.turn_to(office.clock.now + timedelta(hours=hour))
        await eventually(lambda: _idle(office), True)
    # What was refused last is said by one more run.
    await office.run("2026-W46")
    await eventually(lambda: _unsent(office), 0)

    there = await office.at_ministry()
    keys = [upload["idempotency_key"] for upload in there]
    assert len(keys) == len(set(keys))
    records = {record["id"]: (record["status"], record["sequence"]) for upload in there for record in upload["records"]}
    # An upload that was kept in silence and refused when it came again counts as unsaid: its items are there twice.
    responses = {response["id"] for upload in there for response in upload["responses"]}
    assert records == truth.records
    assert responses == truth.responses
    assert [upload["rejects"] for upload in there if upload["rejects"]] == []
    # No body was ever another under the same key, or the Ministry would have said so.
    refusals = await office.sql("SELECT reason FROM moe_sync.uploads WHERE status = 'refused'")
    assert all("asked to fail" in row["reason"] for row in refusals)


async def _finished(office: Office) -> int:
    return len(await office.finished_windows())


async def _unsent(office: Office) -> int:
    return sum(status in ("pending", "sending") for _, _, status in await office.statuses())


async def _idle(office: Office) -> bool:
    rows = await office.sql("SELECT due_at, state FROM moe_sync.work WHERE kind = 'upload' AND state IN ('waiting', 'leased')")
    return all(row["state"] == "waiting" and row["due_at"] > office.clock.now for row in rows)
