"""Two schools live through four terms and over New Year. Every total, letter, digest and upload is listed by hand.

School 0999 marks mornings and afternoons, and sends next year's terms alone on 12 January, with other choices. School 0189 marks the two
slots of its timetable, and sends its next calendar on 22 February, when the term has run for three weeks.
"""

from pathlib import Path
from typing import Any

from services.thresholds.proof.verifying import verify
from shared.attendance.codes import CodeTable
from shared.db.engine import create_engine
from tests.integration.year.country import SCHEMAS, Country, country, week_of

A, B = "0999", "0189"
TERMS = [
    ("2026-T1", "2026-02-02", "2026-04-02"),
    ("2026-T2", "2026-04-20", "2026-07-03"),
    ("2026-T3", "2026-07-20", "2026-09-25"),
    ("2026-T4", "2026-10-12", "2026-12-18"),
]
NEXT = [("2027-T1", "2027-02-02", "2027-04-09")]
HALVES = [{"slot": 1, "name": "Morning", "minutes": 150}, {"slot": 2, "name": "Afternoon", "minutes": 150}]
PERIODS = [{"slot": number, "name": f"Period {number}", "minutes": 60} for number in range(1, 6)]
SLOTS = (1, 2)
# In each term student 1 is away for five days in a row, and student 2 for four of them.
WEEKS = {"2026-T1": "2026-02-09", "2026-T2": "2026-05-04", "2026-T3": "2026-07-27", "2026-T4": "2026-11-02"}


def friday(monday: str, time: str) -> str:
    return f"{week_of(monday)[-1]}T{time}"


def next_monday(monday: str, time: str) -> str:
    return f"{week_of(monday, 8)[-1]}T{time}"


def iso_weeks(*spans: tuple[int, int]) -> list[str]:
    return [f"2026-W{number:02d}" for first, last in spans for number in range(first, last + 1)]


async def a_term(here: Country, name: str, end: str) -> None:
    """The marks of one week, its letters and its upload, the digest after it, and the rest of the term."""
    monday = WEEKS[name]
    await here.turn_to(friday(monday, "16:00"))
    for school, slots in ((A, ()), (B, SLOTS)):
        await here.mark(school, "1", week_of(monday), "M", slots=slots)
        await here.mark(school, "2", week_of(monday, 4), "T", slots=slots)
        await here.mark(school, "3", week_of(monday), "P", slots=slots)
    await here.turn_to(friday(monday, "17:00"))
    await here.turn_to(friday(monday, "18:05"))
    await here.turn_to(next_monday(monday, "08:30"))
    await here.turn_to(f"{end}T15:00")


async def the_last_hours(here: Country) -> None:
    """On the last day of the year, at 17:40, the school marks two more days of student 2: the window closes at 18:00."""
    await here.turn_to("2026-12-18T17:40")
    await here.mark(A, "2", ["2026-12-14", "2026-12-15"], "T")
    await here.turn_to("2026-12-18T17:56")
    await here.turn_to("2026-12-18T18:05")


async def the_holidays(here: Country) -> None:
    """School A sends next year's calendar with other choices, its new roster, and corrects a day of last year."""
    await here.turn_to("2027-01-12T10:00")
    await here.school(A, NEXT, slots=PERIODS, blanks_are_truant=True, count_carried_absences=True, region="Marlborough")
    await here.students(A, {"1": 10, "3": 10, "4": 9}, full=True)
    await here.turn_to("2027-01-14T10:00")
    await here.mark(A, "1", ["2026-11-02"], "P")
    await here.ok("thresholds", "PUT", f"/v1/schools/{A}/students/3/hold", json={"reason": "long illness"})
    await here.turn_to("2027-01-14T17:00")


async def the_next_year(here: Country) -> None:
    """The first weeks of term 1. School B has sent no calendar, and its KAMAR pushes attendance all the same."""
    await here.turn_to("2027-02-02T08:30")
    await here.turn_to("2027-02-19T16:00")
    for student, code in (("1", "M"), ("3", "M"), ("4", "P")):
        await here.mark(A, student, week_of("2027-02-15"), code)
    await kamar_pushes(here, B, "1", week_of("2027-02-15"), "TT")
    assert (B, "2027-T1", "1") not in await here.totals()
    await here.turn_to("2027-02-19T17:00")
    await here.turn_to("2027-02-19T18:05")
    await here.turn_to("2027-02-22T10:00")
    await here.school(B, NEXT, slots=HALVES)
    await here.turn_to("2027-02-22T11:00")


async def kamar_pushes(here: Country, school: str, student: str, days: list[str], codes: str) -> None:
    issued = await here.ok("ingest", "POST", f"/v1/schools/{school}/kamar-credentials")
    values = [{"date": day.replace("-", ""), "codes": codes} for day in days]
    data: dict[str, Any] = {
        "datetime": int(f"{here.clock.now:%Y%m%d%H%M%S}"),
        "sync": "attendance",
        "schools": [{"moeCode": school}],
        "attendance": {"count": 1, "data": [{"id": student, "values": values}]},
    }
    url = f"{here.urls['ingest']}/v1/kamar"
    answer = await here.http.post(url, json={"SMSDirectoryData": data}, auth=(issued["username"], issued["password"]))
    assert answer.json()["SMSDirectoryData"]["error"] == 0
    await here.at_rest()


async def test_four_terms_and_over_new_year(database_url: str, tmp_path: Path) -> None:
    async with country(database_url, tmp_path, "2026-01-20T09:00") as here:
        await here.school(A, TERMS, closed_days=["2026-03-16"])
        await here.school(B, TERMS, slots=HALVES)
        for school in (A, B):
            await here.students(school, {"1": 9, "2": 13, "3": 9})
        policy = {"digest": {"to": "dean@example.nz", "at": "08:00"}}
        await here.ok("notifier", "PUT", f"/v1/schools/{A}/letter-policy", json=policy)
        for name, _, end in TERMS:
            await a_term(here, name, end)
        await the_last_hours(here)
        last_year = await here.totals()
        await the_holidays(here)
        in_the_holidays = await here.totals()
        await the_next_year(here)
        await lived_through(here, last_year, in_the_holidays)

        engine = create_engine(database_url, "thresholds", pool_size=2)
        differences = [found.differences async for found in verify(engine, CodeTable.load(), here.clock.now)]
        await engine.dispose()
        assert differences == [[], []]


async def lived_through(here: Country, last_year: dict[Any, int], in_the_holidays: dict[Any, int]) -> None:
    """Everything that came of it, by hand."""
    usual = {"1": 10, "2": 8, "3": 0}
    totals = {(school, term, student): half_days for school in (A, B) for term in WEEKS for student, half_days in usual.items()}
    totals[A, "2026-T4", "2"] = 12
    assert last_year == totals
    totals[A, "2026-T4", "1"] = 8
    assert in_the_holidays == totals
    # Marked for five days of five periods' school, and then blank: A's blanks of the Monday after count from 18:00 on only.
    totals |= {(A, "2027-T1", "1"): 10, (A, "2027-T1", "3"): 10, (A, "2027-T1", "4"): 0, (B, "2027-T1", "1"): 10}
    assert await here.totals() == totals

    letters = [
        (friday(monday, "17:00").replace("T", " "), school, term, 5, "1") for term, monday in WEEKS.items() for school in sorted((A, B))
    ]
    # Two more at the edges of the year; none in the holidays, and none about student 3, whose letters staff hold.
    letters.append(("2026-12-18 17:56", A, "2026-T4", 5, "2"))
    letters += [("2027-02-19 17:00", A, "2027-T1", 5, "1"), ("2027-02-22 11:00", B, "2027-T1", 5, "1")]
    assert await here.letters() == letters

    changed = "1 student changed tier"
    assert here.digests() == [
        f"Attendance on 16 February 2026: {changed}",
        f"Attendance on 11 May 2026: {changed}",
        f"Attendance on 3 August 2026: {changed}",
        f"Attendance on 9 November 2026: {changed}",
        "Attendance on 2 February 2027: no student changed tier, and 1 student in terms that are over",
        "Attendance on 22 February 2027: 2 students changed tier",
    ]

    weeks = [*iso_weeks((6, 14), (17, 27), (30, 39), (42, 51)), "2027-W05", "2027-W06", "2027-W07"]
    crossed = {"2026-W07": "2026-T1", "2026-W19": "2026-T2", "2026-W31": "2026-T3", "2026-W45": "2026-T4"}
    expected: dict[str, list[tuple[str, str, str]]] = {week: [(term, "1", "open")] for week, term in crossed.items()}
    assert await here.uploads(B) == [(week, expected.get(week, [])) for week in weeks]
    expected |= {"2026-W51": [("2026-T4", "2", "open")], "2027-W05": [("2026-T4", "1", "withdrawn")]}
    expected["2027-W07"] = [("2027-T1", "1", "open"), ("2027-T1", "3", "open")]
    assert [(week, sorted(records)) for week, records in await here.uploads(A)] == [(week, expected.get(week, [])) for week in weeks]

    students = (await here.ok("thresholds", "GET", f"/v1/schools/{A}/students", params={"term": "2026-T4", "sort": "student"}))["items"]
    assert [(item["student"], item["year_level"], item["name"]) for item in students] == [
        ("1", 9, "Tama Example 1"),
        ("2", 13, None),
        ("3", 9, "Tama Example 3"),
    ]
    holds = (await here.ok("thresholds", "GET", f"/v1/schools/{A}/students/3/hold"))["items"]
    assert [hold["term"] for hold in holds] == ["2027-T1"]
    # Every service reads the same merged calendar.
    for school in (A, B):
        assert await here.known_terms(school) == {schema: [name for name, _, _ in [*TERMS, *NEXT]] for schema in SCHEMAS}
