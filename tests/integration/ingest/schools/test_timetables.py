"""A school's timetable sent again: before and after its days were marked."""

from typing import Any

from tests.integration.ingest.conftest import MARK, SCHOOL, Door

PERIODS = [{"slot": number, "name": f"Period {number}", "minutes": 60} for number in range(1, 6)]
LESSONS = [{"slot": number, "name": f"Lesson {number}", "minutes": 75} for number in range(1, 5)]
IN_SLOT_FIVE = {key: value for key, value in MARK.items() if key != "session"} | {"slot": 5}


async def put(door: Door, **fields: Any) -> dict[str, Any]:
    response = await door.send("PUT", "/v1/schools/0999", json=SCHOOL | fields)
    response.raise_for_status()
    stored: dict[str, Any] = response.json()
    return stored


async def test_until_days_are_marked_a_timetable_holds_from_the_beginning(door: Door) -> None:
    assert (await put(door, slots=LESSONS))["slots_from"] is None
    stored = await put(door, slots=PERIODS)
    assert (stored["slots_from"], stored["past_timetables"]) == (None, [])
    assert (await door.post(IN_SLOT_FIVE)).status_code == 202


async def test_once_days_are_marked_another_timetable_holds_from_today_on(judged: Door) -> None:
    door = judged
    await put(door, slots=PERIODS)
    assert (await door.post(IN_SLOT_FIVE)).status_code == 202
    stored = await put(door, slots=LESSONS)
    assert stored["slots_from"] == "2026-11-20"
    assert [(past["from"], len(past["slots"])) for past in stored["past_timetables"]] == [(None, 5)]
    # The fifth slot of October is still there; today it is not.
    assert (await door.post(IN_SLOT_FIVE | {"student": "2"})).status_code == 202
    today = IN_SLOT_FIVE | {"date": "2026-11-20", "recorded_at": "2026-11-20T09:00:00+13:00"}
    refused = await door.post(today)
    assert (refused.status_code, refused.json()["rejected"][0]["reason"]) == (422, "no-timetable")
    assert (await put(door, slots=LESSONS)) == stored
    assert (await door.send("GET", "/v1/schools/0999")).json() == stored


async def test_slots_from_changes_days_that_are_over(judged: Door) -> None:
    door = judged
    await put(door, slots=PERIODS)
    assert (await door.post(MARK)).status_code == 202
    stored = await put(door, slots=LESSONS, slots_from="2026-10-12")
    assert stored["slots_from"] == "2026-10-12"
    assert (await door.post(IN_SLOT_FIVE)).json()["rejected"][0]["reason"] == "no-timetable"


async def test_undated_slots_beside_a_dated_timetable_that_holds_are_refused(door: Door) -> None:
    dated = [{"from": "2026-11-02", "slots": PERIODS}]
    await put(door, slots=PERIODS, timetables=dated)
    assert (await door.post(MARK)).status_code == 202
    refused = await door.send("PUT", "/v1/schools/0999", json=SCHOOL | {"slots": LESSONS, "timetables": dated})
    assert (refused.status_code, "slots_from" in refused.json()["detail"]) == (422, True)
