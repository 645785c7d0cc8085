"""The lists and the analysis of a term that is over show those who were there, with the year level that they had."""

from datetime import UTC, date, datetime
from typing import Any

from shared.bus.interface import Message
from shared.events.data import TermDates
from shared.events.topics import STUDENTS
from shared.identifiers import SchoolNumber, student_id
from tests.integration.thresholds.conftest import absences
from tests.integration.thresholds.records.conftest import staffroom
from tests.integration.thresholds.records.staffroom import Staffroom

__all__ = ["staffroom"]

NOVEMBER, JANUARY, FEBRUARY = (
    datetime(2026, 11, 20, 2, 0, tzinfo=UTC),
    datetime(2027, 1, 25, 2, 0, tzinfo=UTC),
    datetime(2027, 2, 9, 2, 0, tzinfo=UTC),
)


async def leaves(staffroom: Staffroom, student: str) -> None:
    key = str(student_id(SchoolNumber("0999"), student)).encode()
    offset = staffroom.heart.offsets[STUDENTS.name] = staffroom.heart.offsets.get(STUDENTS.name, -1) + 1
    await staffroom.heart.roster_handler([Message(STUDENTS.name, 0, offset, key, None, ())])


async def a_new_year(staffroom: Staffroom) -> None:
    """Student 1 and 4 were in year 9, and 2, who leaves, in year 13; student 3 comes in January; 4 has no mark."""
    await staffroom.student("1", "9A", year_level=9)
    await staffroom.student("2", "13B", year_level=13)
    await staffroom.student("4", "9A", year_level=9)
    await staffroom.heart.post([*absences(12, student="1"), *absences(4, student="2")])
    staffroom.clock.now = JANUARY
    await staffroom.heart.school(terms=[TermDates("2027-T1", date(2027, 2, 2), date(2027, 4, 9))], updated_at=JANUARY)
    await leaves(staffroom, "2")
    await staffroom.student("1", "10A", year_level=10)
    await staffroom.student("4", "10B", year_level=10)
    await staffroom.student("3", "9A", year_level=9)
    staffroom.clock.now = FEBRUARY


async def listed(staffroom: Staffroom, **query: Any) -> list[tuple[str, str | None, int | None, list[str], float]]:
    items = (await staffroom.ok("GET", "/v1/schools/0999/students", sort="student", **query))["items"]
    return [(item["student"], item["name"], item["year_level"], item["groups"], item["absent_days"]) for item in items]


async def test_the_list_of_a_term_that_is_over(staffroom: Staffroom) -> None:
    await a_new_year(staffroom)
    assert await listed(staffroom) == [
        ("1", "Hemi Example 1", 10, ["10A"], 0),
        ("3", "Hemi Example 3", 9, ["9A"], 0),
        ("4", "Hemi Example 4", 10, ["10B"], 0),
    ]
    # The name of a student who has left is not kept.
    assert await listed(staffroom, term="2026-T4") == [
        ("1", "Hemi Example 1", 9, ["9A"], 6),
        ("2", None, 13, ["13B"], 2),
        ("4", "Hemi Example 4", 9, ["9A"], 0),
    ]
    assert [row[0] for row in await listed(staffroom, term="2026-T4", year_level="9")] == ["1", "4"]
    assert [row[0] for row in await listed(staffroom, term="2026-T4", group="13B")] == ["2"]
    summary = await staffroom.ok("GET", "/v1/schools/0999/summary", term="2026-T4")
    assert (summary["students"], summary["tiers"]["yellow"]) == (3, 1)


async def test_a_tutor_sees_the_past_of_those_who_are_theirs_now(staffroom: Staffroom) -> None:
    await a_new_year(staffroom)
    tutor: dict[str, Any] = {"subject": "tutor", "groups": ["10A"]}
    assert [row[0] for row in await listed(staffroom, term="2026-T4", **tutor)] == ["1"]
    assert await listed(staffroom, term="2026-T4", subject="tutor", groups=["9A"]) == []


async def test_records_and_analysis_of_a_term_that_is_over(staffroom: Staffroom) -> None:
    await a_new_year(staffroom)
    (record,) = (await staffroom.ok("GET", "/v1/schools/0999/star-records", term="2026-T4"))["items"]
    assert (record["student"], record["year_level"], record["groups"]) == ("1", 9, ["9A"])
    for query, listed_too in (({"year_level": "9"}, True), ({"group": "10A"}, False), ({"q": "hemi", "group": "9A"}, True)):
        items = (await staffroom.ok("GET", "/v1/schools/0999/star-records", term="2026-T4", **query))["items"]
        assert [item["id"] for item in items] == ([record["id"]] if listed_too else [])


async def test_the_analysis_of_a_term_that_is_over(staffroom: Staffroom) -> None:
    for number in range(6):
        await staffroom.student(str(number), year_level=9)
        await staffroom.heart.post(absences(2, student=str(number)))
    staffroom.clock.now = FEBRUARY
    await staffroom.heart.school(terms=[TermDates("2027-T1", date(2027, 2, 2), date(2027, 4, 9))], updated_at=JANUARY)
    for number in range(6):
        await staffroom.student(str(number), year_level=10)
    for year_level, students in ((9, 6), (10, None)):
        query = {"term": "2026-T4", "year_level": str(year_level)}
        analysis = await staffroom.ok("GET", "/v1/schools/0999/analysis", role="admin", **query)
        assert analysis["students"] in (students, 0)


async def test_year_levels_that_changed_within_a_term_are_those_of_its_end(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A", year_level=9)
    staffroom.clock.now = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    await staffroom.student("1", "9B", year_level=9)
    staffroom.clock.now = FEBRUARY
    await staffroom.heart.school(terms=[TermDates("2027-T1", date(2027, 2, 2), date(2027, 4, 9))], updated_at=JANUARY)
    await staffroom.student("1", "10A", year_level=10)
    assert [row[3] for row in await listed(staffroom, term="2026-T4")] == [["9B"]]
    rows = await staffroom.heart.rows("SELECT groups FROM past_rolls ORDER BY until")
    assert [row.groups for row in rows] == [["9A"], ["9B"]]
