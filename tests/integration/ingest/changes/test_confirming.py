"""A change of the calendar that would move much: shown first, and made once it is confirmed."""

import asyncio
from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from tests.integration.ingest.conftest import NOW, SCHOOL, Door
from tests.support.polling import eventually

TERM = SCHOOL["terms"][0]  # type: ignore[index]
ABSENT_DAYS = [date(2026, 10, 12) + timedelta(days=number) for number in (0, 1, 2, 3, 4)]
NOTHING = {"students_off": 0, "totals_changed": 0, "crossings_up": 0, "crossings_down": 0, "letters": 0}


async def put(door: Door, query: str = "", **fields: Any) -> httpx.Response:
    return await door.send("PUT", f"/v1/schools/0999{query}", json=SCHOOL | fields)


async def with_absences(door: Door, students: int = 3) -> None:
    """So many students, each with five days absent in the first week of the term, counted."""
    roster = [
        {
            "student": str(number),
            "given_name": "Aroha",
            "family_name": f"Example {number}",
            "caregivers": [{"name": "Kim Example", "email": f"kim{number}@example.nz"}],
        }
        for number in range(students)
    ]
    (await door.send("PUT", "/v1/schools/0999/students", json={"students": roster})).raise_for_status()
    marks = [
        {"student": str(number), "date": day.isoformat(), "session": session, "code": "M", "recorded_at": NOW.isoformat()}
        for number in range(students)
        for day in ABSENT_DAYS
        for session in ("AM", "PM")
    ]
    (await door.post(*marks)).raise_for_status()
    await eventually(lambda: totals(door), [10] * students)


async def totals(door: Door) -> list[int]:
    connection = await asyncpg.connect(door.settings.database_url)
    try:
        rows = await connection.fetch("SELECT absent_half_days FROM thresholds.register ORDER BY student")
        return [row[0] for row in rows]
    finally:
        await connection.close()


async def test_a_moved_start_is_shown_then_confirmed_and_counts_as_shown(judged: Door) -> None:
    door = judged
    await with_absences(door)
    later = [TERM | {"start": "2026-10-14"}]
    effect = NOTHING | {"totals_changed": 3, "crossings_down": 3}
    dry = await put(door, "?dry_run=true", terms=later)
    assert (dry.status_code, dry.json()) == (200, {"effect": effect})
    refused = await put(door, terms=later)
    problem = refused.json()
    assert (refused.status_code, problem["type"].endswith("confirm-change"), problem["effect"]) == (409, True, effect)
    assert (await door.send("GET", "/v1/schools/0999")).json()["terms"] == [TERM]
    # What was shown confirms that change, and no other.
    assert (await put(door, f"?confirm={problem['confirm']}", terms=[TERM | {"start": "2026-10-13"}])).status_code == 409
    made = await put(door, f"?confirm={problem['confirm']}", terms=later)
    assert (made.status_code, made.json()["terms"]) == (200, later)
    await eventually(lambda: totals(door), [6] * 3)


async def test_an_effect_that_has_become_another_is_shown_anew(judged: Door) -> None:
    door = judged
    await with_absences(door)
    later = [TERM | {"start": "2026-10-14"}]
    shown = (await put(door, terms=later)).json()
    mark = {"student": "2", "date": "2026-10-12", "session": "AM", "code": "P", "recorded_at": (NOW + timedelta(minutes=1)).isoformat()}
    (await door.post(mark)).raise_for_status()
    await eventually(lambda: totals(door), [10, 10, 9])
    anew = await put(door, f"?confirm={shown['confirm']}", terms=later)
    assert (anew.status_code, anew.json()["effect"]) == (409, NOTHING | {"totals_changed": 3, "crossings_down": 2})
    assert (await put(door, f"?confirm={anew.json()['confirm']}", terms=later)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "effect"),
    [
        ({"terms": [TERM | {"term": "2026-T3"}]}, {"totals_changed": 3, "crossings_up": 3}),
        ({"terms": [{"term": "2027-T1", "start": "2027-02-01", "end": "2027-04-01"}]}, {}),
        ({"terms": [TERM | {"end": "2026-11-13"}]}, {}),
        ({"closed_days": ["2026-10-12"]}, {"totals_changed": 3, "crossings_down": 3}),
        ({"half_days": ["2026-10-12", "2026-10-13"]}, {"totals_changed": 3, "crossings_down": 3}),
        ({"blanks_are_truant": True}, {"totals_changed": 3, "crossings_up": 6, "letters": 3}),
    ],
)
async def test_dangerous_changes_of_a_calendar(judged: Door, fields: dict[str, Any], effect: dict[str, int]) -> None:
    door = judged
    await with_absences(door)
    refused = await put(door, **fields)
    assert (refused.status_code, refused.json()["effect"]) == (409, NOTHING | effect)
    assert (await put(door, f"?confirm={refused.json()['confirm']}", **fields)).status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Another Name", "contact_email": "office@example.nz", "phone": "04 555 0100"},
        {"closed_days": ["2026-12-07"]},
        {"terms": [TERM, {"term": "2027-T1", "start": "2027-02-01", "end": "2027-04-01"}]},
        {"terms": [TERM | {"end": "2026-12-16"}]},
        {"slots": [{"slot": 1, "name": "Period 1", "minutes": 300}]},
    ],
)
async def test_a_change_that_moves_nothing_is_made_at_once(judged: Door, fields: dict[str, Any]) -> None:
    await with_absences(judged)
    assert (await put(judged, **fields)).status_code == 200


async def test_the_first_calendar_and_one_before_any_mark_are_made_without_asking(door: Door) -> None:
    """No worker runs: nobody could answer."""
    first = await door.send("PUT", "/v1/schools/0189?dry_run=true", token=door.token(schools="0189"), json=SCHOOL)
    assert first.json() == {"effect": NOTHING}
    assert (await door.send("GET", "/v1/schools/0189", token=door.token(schools="0189"))).status_code == 404
    assert (await put(door, terms=[TERM | {"start": "2026-10-14"}])).status_code == 200


async def test_without_an_answer_nothing_changes(door: Door) -> None:
    (
        await door.post({"student": "1", "date": "2026-10-12", "session": "AM", "code": "M", "recorded_at": NOW.isoformat()})
    ).raise_for_status()
    async with asyncio.timeout(20):
        refused = await put(door, closed_days=["2026-10-12"])
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:nz-star:problem:effect-unknown")
    assert "nothing was changed" in refused.json()["detail"]
    assert (await door.send("GET", "/v1/schools/0999")).json()["closed_days"] == []


async def test_a_misspelt_choice_is_refused(door: Door) -> None:
    assert (await put(door, "?dryrun=true")).status_code == 422
