"""A student's term explained and asked about."""

from typing import Any
from urllib.parse import quote

import pytest

from shared.identifiers import student_id
from tests.integration.thresholds.conftest import absences
from tests.integration.thresholds.records.staffroom import Staffroom

TERM = "/v1/schools/0999/students/1/attendance"
WHAT_IF = f"{TERM}/what-if"


async def test_the_sum_in_words_and_the_running_total(staffroom: Staffroom) -> None:
    await staffroom.heart.post(absences(3, code="M"))
    await staffroom.heart.post(absences(2, code="?", first=4))
    seen = await staffroom.ok("GET", TERM, role="view")
    assert [(cause["code"], cause["half_days"]) for cause in seen["causes"]] == [("M", 3), ("?", 2)]
    assert [day["running_half_days"] for day in seen["days"]][:4] == [2, 3, 5, 5]
    assert (seen["days"][1]["am"], seen["days"][1]["pm"]["state"]) == ({"state": "absent", "code": "M"}, "unmarked")
    assert seen["days_to_next"] == 2.5


@pytest.mark.parametrize("key", ["A/1", "/", "A?1#2", "50%", "%2F", "a b", "A//1/attendance"])
async def test_a_key_has_any_sign_that_can_be_printed(staffroom: Staffroom, key: str) -> None:
    await staffroom.heart.post(absences(3, student=key))
    path = f"/v1/schools/0999/students/{quote(key, safe='')}/attendance"
    seen = await staffroom.ok("GET", path, role="view")
    assert (seen["student"], seen["student_id"], seen["absent_half_days"]) == (key, str(student_id("0999", key)), 3)
    asked = await staffroom.ok("GET", f"{path}/what-if".replace("%2F", "%2f"), role="view", date="2026-10-13", session="AM")
    assert (asked["student"], asked["now"]["absent_half_days"]) == (key, 3)


async def test_what_if(staffroom: Staffroom) -> None:
    await staffroom.crossed("1", 11)
    answer = await staffroom.ok("GET", WHAT_IF, role="view", date="2026-10-13", session="AM")
    assert answer == {
        "school": "0999",
        "student": "1",
        "student_id": str(student_id("0999", "1")),
        "term": "2026-T4",
        "date": "2026-10-13",
        "session": "AM",
        "code": "P",
        "now": {"absent_half_days": 11, "absent_days": 5.5, "tier": "yellow"},
        "then": {"absent_half_days": 10, "absent_days": 5.0, "tier": "yellow"},
        "steps": [],
        "sentence": "If Tue 13 Oct AM were present: 5 days, no step changes.",
    }
    whole_day = await staffroom.ok("GET", WHAT_IF, role="view", date="2026-10-13")
    assert (whole_day["then"]["tier"], whole_day["steps"]) == ("green", [{"threshold": 5, "direction": "down"}])
    assert (await staffroom.ok("GET", TERM))["absent_half_days"] == 11
    assert (await staffroom.audit(action="read-attendance"))[1]["filters"] == {"term": "2026-T4", "what_if": True}


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({}, "invalid-request"),
        ({"date": "2026-10-10"}, "outside-term"),
        ({"date": "2026-10-17"}, "closed-day"),
        ({"date": "2026-10-13", "code": "Ā"}, "invalid-request"),
        ({"date": "2026-10-13", "session": "NOON"}, "invalid-request"),
    ],
)
async def test_what_can_not_be_supposed(staffroom: Staffroom, query: dict[str, Any], kind: str) -> None:
    await staffroom.crossed("1")
    assert await staffroom.refused("GET", WHAT_IF, role="view", **query) == (422, kind)


async def test_the_totals_of_other_deans_students_are_not_asked_about(staffroom: Staffroom) -> None:
    await staffroom.crossed("1")
    assert await staffroom.refused("GET", WHAT_IF, role="view", groups=["9A"], date="2026-10-13") == (403, "part-of-a-school")
