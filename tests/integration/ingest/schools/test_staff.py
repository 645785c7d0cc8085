"""A school's staff: kept by systems that know nothing of it, and refused where the list contradicts itself."""

from typing import Any

import pytest

from tests.integration.ingest.conftest import SCHOOL, Door

PATH = "/v1/schools/0999"
DEAN: dict[str, Any] = {"account": "dean", "name": "Ms Nine", "groups": ["year:9"], "email": "nine@school.example"}
LEAD: dict[str, Any] = {"account": "lead", "name": "Mr Lead", "role": "manage"}


async def test_a_school_that_is_sent_without_staff_keeps_it(door: Door) -> None:
    staff = {"people": [DEAN | {"away_from": "2026-11-23", "stand_in": "lead"}, LEAD], "remind_at": "07:30", "next_role_after": 5}
    (await door.send("PUT", PATH, json=SCHOOL | {"staff": staff})).raise_for_status()
    again = (await door.send("PUT", PATH, json=SCHOOL | {"phone": "04 555 0100"})).raise_for_status().json()
    assert [person["name"] for person in again["staff"]["people"]] == ["Ms Nine", "Mr Lead"]
    stored = (await door.send("GET", PATH)).json()["staff"]
    assert (stored["remind_at"], stored["next_role_after"], stored["people"][0]["stand_in"]) == ("07:30", 5, "lead")
    (await door.send("PUT", PATH, json=SCHOOL | {"staff": {"people": []}})).raise_for_status()
    assert (await door.send("GET", PATH)).json()["staff"]["people"] == []


@pytest.mark.parametrize(
    "people",
    [
        [DEAN, DEAN],
        [DEAN | {"stand_in": "nobody"}],
        [DEAN | {"stand_in": "dean"}],
        [DEAN | {"away_until": "2026-11-23"}],
        [DEAN | {"away_from": "2026-11-23", "away_until": "2026-11-20"}],
        [DEAN | {"groups": ["year:99"]}],
        [DEAN | {"role": "view"}],
    ],
    ids=["twice", "unknown stand-in", "own stand-in", "away without a start", "away backwards", "no such year", "no such role"],
)
async def test_a_list_that_contradicts_itself_is_refused(door: Door, people: list[dict[str, Any]]) -> None:
    answer = await door.send("PUT", PATH, json=SCHOOL | {"staff": {"people": people}})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:nz-star:problem:invalid-request")


@pytest.mark.parametrize("at", ["07:30Z", "07:30:00+13:00", "25:00", "in the morning"])
async def test_a_time_that_is_not_on_the_schools_clock_is_refused(door: Door, at: str) -> None:
    answer = await door.send("PUT", PATH, json=SCHOOL | {"staff": {"people": [DEAN], "remind_at": at}})
    assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, "body.staff.remind_at")
