"""A later event about a student, by staff or by the register, is newer for its readers, although their clocks disagree or were set back."""

from datetime import datetime, timedelta

import pytest

from shared.bus.headers import headers_from_text
from shared.bus.interface import Message
from shared.events.envelope import Event, decode
from tests.integration.thresholds.conftest import absences
from tests.integration.thresholds.records.staffroom import NOW, Staffroom, record_path, talked

HOLD = "/v1/schools/0999/students/1/hold"
MICROSECOND = timedelta(microseconds=1)


async def times(staffroom: Staffroom) -> list[tuple[str, datetime]]:
    """The events in the order of the log: (type without its frame, the time of its event)."""
    found = []
    for row in await staffroom.heart.rows("SELECT * FROM outbox WHERE topic <> 'star.standings.v1' ORDER BY id"):
        event = decode(Message(row.topic, 0, 0, row.key, row.value, headers_from_text(row.headers)))
        assert isinstance(event, Event)
        found.append((event.type.name.removeprefix("nz.star.").removesuffix(".v1"), event.time))
    return found


@pytest.mark.parametrize("back", [timedelta(seconds=90), timedelta(hours=1), timedelta(days=1)])
async def test_a_hold_is_newer_than_the_one_before(staffroom: Staffroom, back: timedelta) -> None:
    await staffroom.crossed()
    staffroom.clock.now = NOW + timedelta(minutes=1)
    await staffroom.ok("PUT", HOLD, {"reason": "in hospital"})
    released = await staffroom.ok("DELETE", HOLD)
    staffroom.clock.now -= back
    held = await staffroom.ok("PUT", HOLD, {"reason": "there again"})
    await staffroom.ok("DELETE", HOLD)
    first = NOW + timedelta(minutes=1)
    assert (await times(staffroom))[1:] == [
        ("letters.held", first),
        ("letters.released", first + MICROSECOND),
        ("letters.held", first + 2 * MICROSECOND),
        ("letters.released", first + 3 * MICROSECOND),
    ]
    assert datetime.fromisoformat(held["held_at"]) > datetime.fromisoformat(released["lifted_at"])


async def test_what_staff_decide_is_newer_than_the_crossing_of_a_worker_ahead(staffroom: Staffroom) -> None:
    await staffroom.crossed()
    staffroom.clock.now = NOW - timedelta(minutes=5)
    await staffroom.ok("PATCH", record_path(), {"status": "closed", "outcome": "barriers-resolved"})
    record = await staffroom.ok("POST", f"{record_path()}/responses", talked())
    response = f"{record_path()}/responses/{record['responses'][0]['id']}"
    await staffroom.ok("PATCH", response, {"occurred_on": "2026-11-18"})
    await staffroom.ok("DELETE", response)
    # And the next crossing is newer than all that.
    await staffroom.heart.post(absences(10, code=None, recorded_at=NOW + timedelta(hours=1)))
    assert await times(staffroom) == [
        ("threshold.crossed", NOW),
        ("record.updated", NOW + MICROSECOND),
        ("response.recorded", NOW + 2 * MICROSECOND),
        ("response.amended", NOW + 3 * MICROSECOND),
        ("response.withdrawn", NOW + 4 * MICROSECOND),
        ("threshold.retracted", NOW + 5 * MICROSECOND),
    ]
