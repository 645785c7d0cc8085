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
    """The state that a plain reading of the events gives, step by step."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.records: dict[str, tuple[str, int]] = {}
        self.responses: dict[str, str] = {}
        self.taken_back: set[str] = set()
        self._whose: dict[str, str] = {}

    def change(self, office: Office) -> Outgoing:
        """One thing that can happen now."""
        student = self._chance.choice(STUDENTS)
        record = str(star_record_id(student_id("0999", student), TERM.term, 5))
        status, sequence = self.records.get(record, ("withdrawn", 0))
        if status == "withdrawn":
            self.records[record] = ("open", sequence + 1)
            return office.crossed(student, sequence=sequence + 1)
        what = self._chance.choice(["withdrawn", "respond", "mend", "closed" if status == "open" else "open"])
        if what == "respond":
            response = UUID(int=self._chance.getrandbits(128), version=4)
            self.responses[str(response)] = "conversation-with-whanau"
            self._whose[str(response)] = student
            return office.responded(student, response=response)
        if what == "mend":
            return self._mend(office)
        self.records[record] = (what, sequence)
        return office.retracted(student, sequence=sequence) if what == "withdrawn" else office.closed(student, status=what)

    def _mend(self, office: Office) -> Outgoing:
        """A response is amended, or taken back; where there is none, something else happens."""
        if not self.responses:
            return self.change(office)
        response = self._chance.choice(sorted(self.responses))
        if self._chance.random() < 0.5:
            activity = self._chance.choice(["meeting-with-whanau", "barriers-identified"])
            self.responses[response] = activity
            return office.amended(UUID(response), activity, self._whose[response])
        del self.responses[response]
        self.taken_back.add(response)
        return office.taken_back(UUID(response), self._whose[response])


@pytest.mark.parametrize("seed", range(6))
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
    # What was refused last is said by one more run; and by another what the Ministry had kept in silence before it refused it, and
    # therefore rejects as new: now we know better.
    for _ in range(2):
        await office.run("2026-W46")
        await eventually(lambda: _unsent(office), 0)
    preview = (await office.get("/v1/schools/0999/uploads/preview", week="2026-W46")).json()
    assert preview["counts"] == {"records": 0, "responses": 0}

    there = await office.at_ministry()
    keys = [upload["idempotency_key"] for upload in there]
    assert len(keys) == len(set(keys))
    rejects = [reject for upload in there for reject in upload["rejects"]]
    assert {reject["code"] for reject in rejects} <= {"already-accepted"}
    accepted = await office.accepted()
    records = {item["id"]: (item["status"], item["sequence"]) for item in accepted if item["kind"] == "record"}
    assert records == truth.records
    responses = {item["id"]: (item["activity"], item["change"] == "withdrawn") for item in accepted if item["kind"] == "response"}
    standing = {response: said[0] for response, said in responses.items() if not said[1]}
    assert standing == truth.responses
    # What never was there is not withdrawn either.
    assert set(responses) - set(standing) <= truth.taken_back
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
