"""Holds on letters: set, replaced, lifted, run out; and what the others hear of them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.events.data import TermDates
from shared.identifiers import SchoolNumber, student_id
from tests.integration.thresholds.conftest import absences
from tests.integration.thresholds.records.staffroom import NOW, Staffroom, record_path

HOLD = "/v1/schools/0999/students/1/hold"
LATER = NOW + timedelta(hours=1)


async def in_force(staffroom: Staffroom) -> dict[int, str | None]:
    """The reason of the hold on each of the student's records, as the list, the record and the attendance all show it."""
    listed = (await staffroom.ok("GET", "/v1/schools/0999/star-records"))["items"]
    attendance = await staffroom.ok("GET", "/v1/schools/0999/students/1/attendance")
    by_id = {item["id"]: item for item in attendance["star_records"]}
    for item in listed:
        assert by_id[item["id"]]["hold"] == item["hold"] == (await staffroom.ok("GET", f"/v1/star-records/{item['id']}"))["hold"]
    return {item["threshold"]: item["hold"] and item["hold"]["reason"] for item in sorted(listed, key=lambda item: item["threshold"])}


async def test_in_the_holidays_a_hold_is_for_the_term_to_come(staffroom: Staffroom) -> None:
    await staffroom.student("1")
    await staffroom.crossed("1", 20)
    staffroom.clock.now = datetime(2027, 1, 12, 2, 0, tzinfo=UTC)
    assert await staffroom.refused("PUT", HOLD, {"reason": "in hospital"}) == (409, "no-term-to-come")
    terms = [TermDates("2027-T1", date(2027, 2, 2), date(2027, 4, 9))]
    await staffroom.heart.school(terms=terms, updated_at=staffroom.clock.now)
    hold = await staffroom.ok("PUT", HOLD, {"reason": "in hospital"})
    assert hold["term"] == "2027-T1"
    assert (await staffroom.ok("GET", HOLD))["items"] == [hold]
    assert (await staffroom.ok("DELETE", HOLD))["term"] == "2027-T1"


async def test_a_hold_is_set_replaced_and_lifted(staffroom: Staffroom) -> None:
    await staffroom.crossed("1", 20)
    assert await in_force(staffroom) == {5: None, 10: None}
    first = await staffroom.ok("PUT", HOLD, {"reason": "in hospital"})
    assert first == {
        "id": first["id"],
        "term": "2026-T4",
        "threshold": None,
        "reason": "in hospital",
        "until": None,
        "holding": True,
        "held_by": "dean",
        "held_at": "2026-11-20T02:00:00.000001Z",
        "lifted_by": None,
        "lifted_at": None,
    }
    assert await in_force(staffroom) == {5: "in hospital", 10: "in hospital"}
    # The same once more is no other hold.
    assert await staffroom.ok("PUT", HOLD, {"reason": "in hospital", "until": None, "term": "2026-T4"}, subject="other") == first

    staffroom.clock.now = LATER
    second = await staffroom.ok("PUT", HOLD, {"reason": "getting better", "until": "2026-11-27"}, subject="other")
    await staffroom.ok("PUT", HOLD, {"reason": "meeting on Monday", "threshold": 10})
    assert await in_force(staffroom) == {5: "getting better", 10: "meeting on Monday"}
    attendance = await staffroom.ok("GET", "/v1/schools/0999/students/1/attendance")
    assert {hold["threshold"]: hold["reason"] for hold in attendance["holds"]} == {None: "getting better", 10: "meeting on Monday"}
    assert attendance["absent_half_days"] == 20

    lifted = await staffroom.ok("DELETE", HOLD)
    assert lifted == second | {"holding": False, "lifted_by": "dean", "lifted_at": "2026-11-20T03:00:00.000002Z"}
    assert await in_force(staffroom) == {5: None, 10: "meeting on Monday"}
    assert await staffroom.refused("DELETE", HOLD) == (404, "no-hold")
    await staffroom.ok("DELETE", HOLD, threshold=10)
    assert await in_force(staffroom) == {5: None, 10: None}
    every = (await staffroom.ok("GET", HOLD, role="view"))["items"]
    assert sorted((item["reason"], item["held_by"], item["lifted_by"], item["holding"]) for item in every) == [
        ("getting better", "other", "dean", False),
        ("in hospital", "dean", "other", False),
        ("meeting on Monday", "dean", "dean", False),
    ]

    said = await staffroom.said()
    assert [(kind, data["threshold"], data.get("until")) for kind, data in said] == [
        ("letters.held", None, None),
        ("letters.held", None, date(2026, 11, 27)),
        ("letters.held", 10, None),
        ("letters.released", None, None),
        ("letters.released", 10, None),
    ]
    assert said[1][1] == {
        "school": "0999",
        "student": "1",
        "student_id": student_id(SchoolNumber("0999"), "1"),
        "term": "2026-T4",
        "threshold": None,
        "until": date(2026, 11, 27),
        "held_at": LATER,
    }


async def test_a_hold_runs_out(staffroom: Staffroom) -> None:
    await staffroom.crossed("1")
    await staffroom.ok("PUT", HOLD, {"reason": "in hospital", "until": "2026-11-20"})
    assert await in_force(staffroom) == {5: "in hospital"}
    # Midnight there is eleven in the morning, UTC.
    staffroom.clock.now = NOW + timedelta(hours=9)
    assert await in_force(staffroom) == {5: None}
    (kept,) = (await staffroom.ok("GET", HOLD))["items"]
    assert (kept["holding"], kept["lifted_at"]) == (False, None)
    assert (await staffroom.ok("GET", "/v1/schools/0999/students/1/attendance"))["holds"] == []
    await staffroom.ok("PUT", HOLD, {"reason": "still there", "until": "2026-11-30"})
    assert await in_force(staffroom) == {5: "still there"}


async def test_without_a_day_it_runs_to_the_end_of_term(staffroom: Staffroom) -> None:
    await staffroom.crossed("1")
    await staffroom.ok("PUT", HOLD, {"reason": "in hospital"})
    # The evening of the term's last day, a Friday, and the morning after.
    staffroom.clock.now = datetime(2026, 12, 18, 10, tzinfo=UTC)
    assert await in_force(staffroom) == {5: "in hospital"}
    staffroom.clock.now = datetime(2026, 12, 18, 20, tzinfo=UTC)
    assert await in_force(staffroom) == {5: None}


async def test_a_records_hold_is_the_students_of_its_threshold(staffroom: Staffroom) -> None:
    await staffroom.crossed("1", 20)
    at_ten = f"{record_path('1', 10)}/hold"
    held = await staffroom.ok("PUT", at_ten, {"reason": "known condition"})
    assert (held["threshold"], held["term"]) == (10, "2026-T4")
    assert (await staffroom.ok("GET", HOLD))["items"] == [held]
    assert await in_force(staffroom) == {5: None, 10: "known condition"}
    assert await staffroom.refused("DELETE", f"{record_path('1', 5)}/hold") == (404, "no-hold")
    await staffroom.ok("DELETE", at_ten)
    assert await in_force(staffroom) == {5: None, 10: None}
    await staffroom.ok("PUT", HOLD, {"reason": "all"})
    assert await staffroom.refused("DELETE", at_ten) == (404, "no-hold")

    by_hand = await staffroom.ok("POST", "/v1/schools/0999/students/1/star-records", {})
    for method, body in (("PUT", {"reason": "x"}), ("DELETE", None)):
        assert await staffroom.refused(method, f"/v1/star-records/{by_hand['id']}/hold", body) == (409, "no-threshold")


async def test_counting_goes_on_under_a_hold(staffroom: Staffroom) -> None:
    await staffroom.student("1")
    await staffroom.ok("PUT", HOLD, {"reason": "in hospital"})
    await staffroom.heart.post(absences(20))
    assert await in_force(staffroom) == {5: "in hospital", 10: "in hospital"}
    assert await staffroom.heart.said() == [("up", 5, 1), ("up", 10, 1)]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({}, 422, "invalid-request"),
        ({"reason": " "}, 422, "invalid-request"),
        ({"reason": "x", "until": "2026-11-19"}, 422, "past-date"),
        ({"reason": "x", "threshold": 7}, 422, "invalid-request"),
        ({"reason": "x", "term": "2030-T1"}, 404, "unknown-term"),
        ({"reason": "x", "days": 3}, 422, "invalid-request"),
    ],
)
async def test_what_can_not_be_held(staffroom: Staffroom, body: dict[str, Any], status: int, kind: str) -> None:
    await staffroom.student("1")
    assert await staffroom.refused("PUT", HOLD, body) == (status, kind)
    assert (await staffroom.ok("GET", HOLD))["items"] == []
    assert await staffroom.said() == []


async def test_a_hold_on_nobody(staffroom: Staffroom) -> None:
    assert await staffroom.refused("PUT", HOLD, {"reason": "x"}) == (404, "unknown-student")
    assert await staffroom.refused("PUT", "/v1/schools/0999/students/%00/hold", {"reason": "x"}) == (404, "unknown-student")
