"""A school's students: found, put in order, at a glance, and counted."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.thresholds.attendance.students.schemas import StudentOut
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import Mark, StudentUpdated, TimetableSlot
from shared.identifiers import SchoolNumber, student_id
from shared.web.pages import Page
from tests.integration.thresholds.conftest import NOW, absences
from tests.integration.thresholds.records.staffroom import SCHOOL, Staffroom, record_path, talked

LIST = f"/v1/schools/{SCHOOL}/students"
SUMMARY = f"/v1/schools/{SCHOOL}/summary"

# NOW is the afternoon of Friday 20 November 2026, the 29th school day; the ten last ones are those of two weeks.
TEN_DAYS = [f"2026-11-{day:02}" for day in (9, 10, 11, 12, 13, 16, 17, 18, 19, 20)]
LAST_TEN = 19
"""School days before them."""


async def sent(staffroom: Staffroom, student: str, given: str, family: str, year_level: int | None = None, *groups: str) -> None:
    identity = student_id(SchoolNumber(SCHOOL), student)
    data = StudentUpdated(
        school=SCHOOL,
        student=student,
        student_id=identity,
        given_name=given,
        family_name=family,
        year_level=year_level,
        groups=list(groups),
        updated_at=NOW,
    )
    await staffroom.heart.roster_handler([staffroom.heart.event(STUDENT_UPDATED, str(identity), data)])


async def found(staffroom: Staffroom, **query: Any) -> list[str]:
    return [item["student"] for item in (await staffroom.ok("GET", LIST, role="view", **query))["items"]]


async def one(staffroom: Staffroom, **query: Any) -> Any:
    (item,) = (await staffroom.ok("GET", LIST, role="view", **query))["items"]
    return item


async def test_a_name_is_found_without_its_accents_and_stands_in_its_place(staffroom: Staffroom) -> None:
    await sent(staffroom, "1", "Māia", "Ārani-Tūwhare")
    await sent(staffroom, "2", "Zoë", "O’Brien")
    await sent(staffroom, "3", "Bjørn", "Arnold")
    await sent(staffroom, "41", "Hemi", "Zed")
    assert await found(staffroom) == ["1", "3", "2", "41"]
    for asked, students in {
        "maia": ["1"],
        "MĀIA arani": ["1"],
        "tuwhare": ["1"],
        "arani tu": ["1"],
        "obrien": ["2"],
        "O'Brien": ["2"],
        "zoe": ["2"],
        "bjorn": ["3"],
        "ar": ["1", "3"],
        "4": ["41"],
        "1": ["1"],
        "hemi arnold": [],
        "%": [],
        "_": [],
    }.items():
        assert await found(staffroom, q=asked) == students, asked
    line = (await staffroom.audit(action="list-students"))[0]
    assert line["filters"] == {"term": "2026-T4", "searched": True}


async def test_who_is_near_the_next_threshold(staffroom: Staffroom) -> None:
    for student, half_days in {"7": 7, "8": 8, "9": 9, "10": 10, "18": 18, "29": 29, "30": 30, "38": 38}.items():
        await staffroom.heart.post(absences(half_days, student=student))
    assert await found(staffroom, near_days=1, sort="absent_days") == ["8", "9", "18", "29"]
    assert await found(staffroom, near_days=0.5, sort="-absent_days") == ["29", "9"]
    assert [(await one(staffroom, q=key))["days_to_next"] for key in ("7", "10", "29", "30")] == [1.5, 5, 0.5, None]
    assert await found(staffroom, student=["9", "29", "nobody"], sort="-absent_days") == ["29", "9"]
    assert await staffroom.refused("GET", LIST, near_days=0.3) == (422, "invalid-request")


async def test_the_last_ten_school_days_are_squares_of_two_halves(staffroom: Staffroom) -> None:
    await staffroom.heart.post(absences(2, code="M", first=2 * LAST_TEN))
    await staffroom.heart.post(absences(1, code="?", first=2 * LAST_TEN + 3))
    await staffroom.heart.post(absences(1, code="P", first=2 * LAST_TEN + 2))
    await staffroom.heart.post(absences(2, code="X", first=2 * LAST_TEN + 4))
    item = await one(staffroom)
    assert [day["date"] for day in item["last_days"]] == TEN_DAYS
    assert [(day["am"], day["pm"]) for day in item["last_days"][:4]] == [
        ({"state": "absent", "code": "M"}, {"state": "absent", "code": "M"}),
        ({"state": "present", "code": "P"}, {"state": "absent", "code": "?"}),
        ({"state": "excluded", "code": "X"}, {"state": "excluded", "code": "X"}),
        ({"state": "unmarked", "code": None}, {"state": "unmarked", "code": None}),
    ]
    assert (item["change_days"], item["rising"], item["attendance_rate"]) == (1.5, True, 0.25)
    assert item["mostly"] == {"code": "M", "meaning": "Illness or medical reason", "class": "justified", "half_days": 2}


async def test_squares_of_a_school_with_periods(staffroom: Staffroom) -> None:
    slots = [TimetableSlot(number, f"Period {number}", 60) for number in range(1, 6)]
    await staffroom.heart.school(slots=slots, updated_at=NOW + timedelta(seconds=1))
    day = absences(1, first=2 * LAST_TEN)[0].date
    codes = dict(zip(range(1, 6), "PPPTT", strict=True))
    await staffroom.heart.post([Mark(student="1", date=day, recorded_at=NOW, slot=slot, code=code) for slot, code in codes.items()])
    square = (await one(staffroom))["last_days"][0]
    assert (square["am"], square["pm"]) == ({"state": "present", "code": None}, {"state": "absent", "code": "T"})


async def test_the_order_by_change_and_what_is_rising(staffroom: Staffroom) -> None:
    await staffroom.heart.post(absences(6, student="early"))
    await staffroom.heart.post(absences(3, student="late", code="?", first=2 * LAST_TEN))
    await staffroom.heart.post(absences(1, student="little", first=2 * LAST_TEN))
    await staffroom.heart.post(absences(20, student="steady", first=2 * LAST_TEN - 20))
    await staffroom.heart.post(absences(2, student="steady", first=2 * LAST_TEN))
    assert await found(staffroom, sort="-change") == ["late", "steady", "little", "early"]
    assert await found(staffroom, sort="change") == ["early", "little", "steady", "late"]
    assert await found(staffroom, rising="true") == ["late", "little"]
    assert await found(staffroom, rising="false", sort="-absent_days") == ["steady", "early"]
    assert await found(staffroom, mostly="?") == ["late"]
    first = await staffroom.ok("GET", LIST, sort="-change", limit=3)
    assert [item["student"] for item in first["items"]] == ["late", "steady", "little"]
    assert await found(staffroom, sort="-change", limit=3, cursor=first["next"]) == ["early"]


async def test_records_answered_and_holds(staffroom: Staffroom) -> None:
    await staffroom.crossed("1", 20)
    await staffroom.crossed("2", 10)
    await staffroom.student("3")
    await staffroom.ok("POST", f"{record_path('1')}/responses", talked(), role="respond")
    await staffroom.ok("PUT", f"{record_path('2')}/hold", {"reason": "A death in the family", "until": "2026-11-20"})
    items = (await staffroom.ok("GET", LIST))["items"]
    assert {item["student"]: (item["records"], item["records_answered"], item["on_hold"]) for item in items} == {
        "1": (2, 1, False),
        "2": (1, 0, True),
        "3": (0, 0, False),
    }
    assert (await found(staffroom, unanswered="true"), await found(staffroom, unanswered="false")) == (["1", "2"], ["3"])
    assert (await found(staffroom, on_hold="true"), await found(staffroom, on_hold="false", sort="student")) == (["2"], ["1", "3"])
    staffroom.clock.now += timedelta(days=1)
    assert await found(staffroom, on_hold="true") == []


async def test_the_summary_counts_what_the_caller_may_see(staffroom: Staffroom) -> None:
    await sent(staffroom, "1", "A", "One", 9, "9A")
    await sent(staffroom, "2", "B", "Two", 10, "10B")
    await sent(staffroom, "3", "C", "Three", 10, "10B")
    await staffroom.crossed("1", 30)
    await staffroom.crossed("2", 10)
    await staffroom.heart.post(absences(8, student="3", first=2 * LAST_TEN))
    await staffroom.ok("POST", f"{record_path('2')}/responses", talked(), role="respond")
    await staffroom.ok("PATCH", record_path("1", 15), {"status": "closed"})
    assert await staffroom.ok("GET", SUMMARY, role="view") == {
        "school": SCHOOL,
        "term": "2026-T4",
        "students": 3,
        "tiers": {"green": 1, "yellow": 1, "orange": 0, "red": 1},
        "near": 1,
        "reached": 0,
        "of_school": 3,
        "issues": None,
        "records": {"open": 3, "overdue": 2, "unanswered": 2, "closed": 1, "withdrawn": 0},
    }
    dean = await staffroom.ok("GET", SUMMARY, role="view", groups=["year:10"], subject="dean of ten")
    assert (dean["students"], dean["tiers"]["red"], dean["near"], dean["records"]["open"]) == (2, 0, 1, 1)
    assert await found(staffroom, groups=["year:10"]) == ["3", "2"]
    assert await staffroom.refused("GET", SUMMARY, schools="0189") == (403, "another-school")


@pytest.mark.parametrize("query", [{"sort": "family"}, {"near_days": 9}, {"surname": "x"}, {"cursor": "x"}])
async def test_what_can_not_be_asked(staffroom: Staffroom, query: dict[str, Any]) -> None:
    status, _ = await staffroom.refused("GET", LIST, **query)
    assert status == 422


@pytest.mark.parametrize("calendar", [{}, {"blanks_are_truant": True}, {"slots": [TimetableSlot(1, "All day", 300)]}])
async def test_rows_beside_which_no_days_are_kept_are_listed_just_so(staffroom: Staffroom, calendar: dict[str, Any]) -> None:
    """As after an update, or beside the last release: nobody waits until the worker has kept their days."""
    await staffroom.heart.school(**calendar)
    await sent(staffroom, "1", "Māia", "Arani", 10)
    for student, number, first, code in (("1", 4, 2 * LAST_TEN, "M"), ("2", 6, 0, "T"), ("3", 3, 2 * LAST_TEN - 5, "M"), ("4", 2, 50, "?")):
        await staffroom.heart.post(absences(number, student=student, first=first, code=code))
    asked: list[dict[str, Any]] = [
        {},
        {"sort": "-change"},
        {"sort": "change", "limit": 2},
        {"sort": "-absent_days"},
        {"mostly": "M"},
        {"rising": True},
        {"rising": False, "mostly": "T"},
        {"mostly": "blank"},
    ]
    kept = [await staffroom.ok("GET", LIST, role="view", **query) for query in asked]
    work = await staffroom.ok("GET", f"/v1/schools/{SCHOOL}/work", role="view")
    assert any(page["items"] for page in kept[4:])
    for page in kept:
        # The answer is no model on its way out: it has the shape of one all the same.
        assert Page[StudentOut].model_validate(page).model_dump(mode="json", by_alias=True) == page
    async with staffroom.heart.engine.begin() as connection:
        await connection.execute(text("UPDATE register SET days_kept = false, days = NULL WHERE student <> '3'"))
    assert [await staffroom.ok("GET", LIST, role="view", **query) for query in asked] == kept
    assert await staffroom.ok("GET", f"/v1/schools/{SCHOOL}/work", role="view") == work


async def test_students_are_found_by_the_day_on_which_they_reached_a_step(staffroom: Staffroom) -> None:
    await staffroom.crossed("1", 10)
    await staffroom.crossed("2", 20)
    await staffroom.heart.post(absences(3, student="3"))
    days = {
        record["student"]: record["crossed_on"] for record in (await staffroom.ok("GET", f"/v1/schools/{SCHOOL}/star-records"))["items"]
    }
    first, last = min(days.values()), max(days.values())
    assert await found(staffroom, crossed_from=first, crossed_to=last, sort="student") == ["1", "2"]
    assert await found(staffroom, crossed_from=last, sort="student") == [student for student in ("1", "2") if days[student] == last]
    assert await found(staffroom, crossed_to="2026-01-01") == []
    assert (await staffroom.refused("GET", LIST, crossed_from="Friday"))[0] == 422
