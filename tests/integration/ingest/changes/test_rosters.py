"""A roster that would take many students off, or move many totals: shown first, and taken once it is confirmed."""

import json
from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from tests.integration.ingest.changes.test_confirming import NOTHING, totals, with_absences
from tests.integration.ingest.conftest import Door
from tests.support.polling import eventually

HEADER = "student,given_name,family_name,leaves_on\n"


def student(number: int, **fields: Any) -> dict[str, Any]:
    return {"student": str(number), "given_name": "Aroha", "family_name": f"Example {number}"} | fields


async def put(door: Door, numbers: range | list[int], query: str = "", **fields: Any) -> httpx.Response:
    body = {"students": [student(number, **fields) for number in numbers]}
    return await door.send("PUT", f"/v1/schools/0999/students{query}", json=body)


async def stored(door: Door) -> list[str]:
    connection = await asyncpg.connect(door.settings.database_url)
    try:
        return [row[0] for row in await connection.fetch("SELECT student FROM ingest.students ORDER BY student")]
    finally:
        await connection.close()


async def imported(door: Door, numbers: range, query: str = "", last: date | None = None) -> httpx.Response:
    rows = "".join(f"{number},Aroha,Example {number},{last or ''}\n" for number in numbers)
    return await door.send(
        "POST", f"/v1/schools/0999/imports?kind=students{query}", content=HEADER + rows, headers={"Content-Type": "text/csv"}
    )


@pytest.mark.parametrize("sent", [put, imported])
async def test_three_of_eight_are_shown_and_go_once_confirmed(door: Door, sent: Any) -> None:
    join = "?" if sent is put else "&"
    assert (await sent(door, range(8), f"{join}full=true")).status_code in (200, 202)
    off = NOTHING | {"students_off": 3}
    dry = await sent(door, range(5), f"{join}full=true&dry_run=true")
    assert (dry.status_code, dry.json()["effect"]) == (200, off)
    refused = await sent(door, range(5), f"{join}full=true")
    assert (refused.status_code, refused.json()["type"], refused.json()["effect"]) == (409, "urn:nz-star:problem:confirm-change", off)
    assert "3 of 8 students" in refused.json()["detail"]
    assert await stored(door) == list("01234567")
    # Another roster, with the same effect, is not what was shown.
    assert (await sent(door, range(1, 6), f"{join}full=true&confirm={refused.json()['confirm']}")).status_code == 409
    made = await sent(door, range(5), f"{join}full=true&confirm={refused.json()['confirm']}")
    assert made.status_code in (200, 202)
    assert await stored(door) == list("01234")
    gone = [message for message in await door.relayed() if message.value is None]
    assert len(gone) == 3


@pytest.mark.parametrize("sent", [put, imported])
async def test_a_single_leaver_goes_without_being_asked_about(door: Door, sent: Any) -> None:
    join = "?" if sent is put else "&"
    await sent(door, range(8))
    assert (await sent(door, range(7), f"{join}full=true")).status_code in (200, 202)
    assert await stored(door) == list("0123456")


async def test_without_full_nobody_leaves(door: Door) -> None:
    await put(door, range(8))
    assert (await put(door, range(2))).status_code == 202
    assert len(await stored(door)) == 8


async def test_leaving_dates_that_are_over_take_students_off_too(door: Door) -> None:
    await put(door, range(8))
    refused = await put(door, range(3), leaves_on="2026-11-13")
    assert (refused.status_code, refused.json()["effect"]["students_off"]) == (409, 3)
    # A date to come, and one that a later start beats, take nobody off.
    assert (await put(door, range(3), leaves_on="2026-12-01")).status_code == 202
    assert (await put(door, range(3), leaves_on="2026-10-30", starts_on="2026-11-02")).status_code == 202


async def test_starts_that_move_totals_are_shown(judged: Door) -> None:
    door = judged
    await with_absences(door)
    effect = NOTHING | {"totals_changed": 3, "crossings_down": 3}
    dry = await put(door, range(3), "?dry_run=true", starts_on="2026-10-14")
    assert dry.json() == {"effect": effect}
    refused = await put(door, range(3), starts_on="2026-10-14")
    assert (refused.status_code, refused.json()["effect"]) == (409, effect)
    assert (await put(door, range(3), f"?confirm={refused.json()['confirm']}", starts_on="2026-10-14")).status_code == 202
    await eventually(lambda: totals(door), [6] * 3)


async def test_dates_that_move_no_total_are_taken_at_once(judged: Door) -> None:
    await with_absences(judged)
    assert (await put(judged, range(3), starts_on="2026-10-12")).status_code == 202


async def test_a_whole_roster_with_a_student_that_cannot_be_taken_is_refused_whole(door: Door) -> None:
    await put(door, range(8))
    body = {"students": [student(number) for number in range(7)] + [student(7, nsn="not a number")]}
    refused = await door.send("PUT", "/v1/schools/0999/students?full=true", json=body)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:nz-star:problem:incomplete-roster")
    assert [item["index"] for item in refused.json()["rejected"]] == [7]
    text = HEADER + "0,Aroha,Example,\n1,,,\n"
    file = await door.send("POST", "/v1/schools/0999/imports?kind=students&full=true", content=text, headers={"Content-Type": "text/csv"})
    assert (file.status_code, file.json()["report"]["accepted"]) == (422, 0)
    assert len(await stored(door)) == 8


async def test_an_effect_carries_no_name(judged: Door) -> None:
    door = judged
    await with_absences(door)
    await put(door, range(3), "?dry_run=true", starts_on="2026-10-14")
    proposed = [json.loads(message.value or b"") for message in await door.published("star.proposals.v1")]
    assert [set(entry) for entry in proposed[0]["enrolments"]] == [{"student", "starts_on", "leaves_on", "attends"}] * 3


async def test_the_first_roster_is_never_dangerous(door: Door) -> None:
    past = (date(2026, 11, 20) - timedelta(days=30)).isoformat()
    assert (await put(door, range(8), "?full=true", leaves_on=past)).status_code == 202
