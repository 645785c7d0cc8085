"""The analysis over REST, on a real database and fed by events."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from services.thresholds.app import create_app
from services.thresholds.settings import ThresholdsSettings
from shared.events.data import Mark, TermDates
from shared.identifiers import SchoolNumber, student_id
from tests.integration.thresholds.conftest import FIRST_DAY, NOW, Heart, absences
from tests.integration.thresholds.office import FRIDAY_EVENING, HALF_DAYS, Office, mark_term, send_students
from tests.support.servers import serving

TERMS = [TermDates("2026-T3", date(2026, 7, 20), date(2026, 9, 25)), TermDates("2026-T4", FIRST_DAY, date(2026, 12, 18))]
PATH = "/v1/schools/0999/analysis"
PATTERNS = f"{PATH}/patterns"
BEHIND = f"{PATH}/students"


@pytest.fixture
async def office(heart: Heart, database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    settings = ThresholdsSettings(data=tmp_path, database_url=database_url)
    async with (
        serving(create_app(settings, clock=lambda: FRIDAY_EVENING)) as url,
        httpx.AsyncClient(base_url=url, timeout=60) as client,
    ):
        yield Office(client, tmp_path, PATH)


def key(number: int) -> str:
    return f"{number:03}"


async def send(heart: Heart, numbers: range, year_level: int, *groups: str) -> None:
    await send_students(heart, numbers, year_level, *groups, key=key)


async def full_school(heart: Heart) -> None:
    """Year 9 of ten, six of them absent five days; year 10 of twelve, five of them absent ten days; and one who left."""
    await heart.school(terms=TERMS)
    await send(heart, range(10), 9, "9A", "Kauri")
    await send(heart, range(10, 22), 10, "10A", "Kauri")
    await mark_term(heart, {key(number): 10 if number < 6 else 20 if 10 <= number < 15 else 0 for number in range(22)})
    await heart.post(absences(3, student="999", code="T"))


async def test_the_analysis_of_a_school(heart: Heart, office: Office) -> None:
    await full_school(heart)
    body = await office.read()
    assert {name: body[name] for name in ("school", "term", "as_of", "students", "school_days", "fewest_students")} == {
        "school": "0999",
        "term": "2026-T4",
        "as_of": "2026-11-20T06:00:00Z",
        "students": 22,
        "school_days": 29,
        "fewest_students": 5,
    }
    assert (body["absent_half_days"], body["attended_half_days"], body["unmarked_half_days"]) == (160, 22 * 58 - 160, 0)
    assert body["tiers"] == [
        {"tiers": ["green"], "students": 11},
        {"tiers": ["yellow"], "students": 6},
        {"tiers": ["orange"], "students": 5},
        {"tiers": ["red"], "students": 0},
    ]
    # 48 of 58 half days are 82.8%, 38 are 65.5%. Who left is not among them.
    assert [(band["categories"], band["students"]) for band in body["categories"]] == [
        (["unmarked"], 0),
        (["regular"], 11),
        (["irregular"], 6),
        (["moderate"], 0),
        (["chronic"], 5),
    ]
    assert body["target"] == {"target_share": 0.8, "regular_share": 0.5, "percentage_points": -30.0, "students": 7}
    first, second = body["weeks"][:2]
    assert (first["starts_on"], first["tiers"]) == ("2026-10-12", {"green": 11, "yellow": 11, "orange": 0, "red": 0})
    assert (second["tiers"], second["crossings"][1]) == (
        {"green": 11, "yellow": 6, "orange": 5, "red": 0},
        {"threshold": 10, "up": 5, "down": 0},
    )
    assert body["crossings"][0] == {"threshold": 5, "up": 11, "down": 0}
    assert (body["worst_week"], body["worst_weekday"]) == (1, "Monday")
    assert body["classes"] == [
        {"class": "unjustified", "half_days": 0, "codes": []},
        {"class": "justified", "half_days": 160, "codes": [{"code": "M", "meaning": "Illness or medical reason", "half_days": 160}]},
    ]
    # Four on green are put with the six on yellow; and so are those of the other year level, which would tell them by subtraction.
    assert [(year["year_level"], year["students"], year["absence_rate"], year["regular_share"]) for year in body["year_levels"]] == [
        (9, 10, 0.103, None),
        (10, 12, 0.144, None),
    ]
    assert [[(band["tiers"], band["students"]) for band in year["tiers"]] for year in body["year_levels"]] == [
        [(["green", "yellow"], 10), (["orange"], 0), (["red"], 0)],
        [(["green", "yellow"], 7), (["orange"], 5), (["red"], 0)],
    ]
    assert body["effects"]["items"] == []
    assert "does not prove" in body["effects"]["warning"]
    assert len(body["notes"]) == 5


async def test_crossings_agree_with_the_tiers_after_corrections(heart: Heart, office: Office) -> None:
    await full_school(heart)
    await heart.post(absences(2, student=key(0), code="P", recorded_at=NOW + timedelta(hours=1)))
    body = await office.read()
    assert body["crossings"][0] == {"threshold": 5, "up": 11, "down": 1}
    assert body["tiers"][1:3] == [{"tiers": ["yellow"], "students": 5}, {"tiers": ["orange"], "students": 5}]
    assert sum(week["crossings"][0]["down"] for week in body["weeks"]) == 1


async def test_a_year_level_and_what_can_not_be_told_of_it(heart: Heart, office: Office) -> None:
    await full_school(heart)
    nobody = await office.read(group="9Z")
    assert (nobody["students"], nobody["absent_half_days"]) == (0, 0)
    await send(heart, range(50, 52), 11)
    few = await office.read(year_level=11)
    assert (few["students"], few["tiers"], few["weeks"]) == (None, None, [])
    selected = await office.read(year_level=10, group="Kauri")
    assert (selected["year_level"], selected["group"]) == (10, "Kauri")


async def test_a_caller_with_a_part_sees_the_analysis_of_the_part(heart: Heart, office: Office) -> None:
    await full_school(heart)
    body = await office.read(token=office.token(groups=["10A"]))
    assert body["students"] == 12
    assert body["tiers"] == [
        {"tiers": ["green"], "students": 7},
        {"tiers": ["yellow"], "students": 0},
        {"tiers": ["orange"], "students": 5},
        {"tiers": ["red"], "students": 0},
    ]
    assert (body["crossings"], [group["group"] for group in body["groups"]]) == (None, ["10A", "Kauri"])
    assert (await office.read(token=office.token(groups=["10A"]), year_level=9))["students"] == 0
    listed = await office.read(PATTERNS, token=office.token(groups=["year:9"]))
    assert {item["year_level"] for item in listed["items"]} <= {9}


async def test_a_figure_opens_the_students_that_it_counts(heart: Heart, office: Office) -> None:
    await full_school(heart)
    analysis = await office.read()
    chronic = await office.read(BEHIND, category="chronic")
    assert (chronic["students"], [item["student"] for item in chronic["items"]]) == (5, [key(number) for number in range(10, 15)])
    first = chronic["items"][0]
    assert (first["absent_half_days"], first["counted_half_days"], first["absence_rate"], first["category"]) == (20, 58, 0.3448, "chronic")
    assert (first["year_level"], first["groups"], first["student_id"]) == (
        10,
        ["10A", "Kauri"],
        str(student_id(SchoolNumber("0999"), key(10))),
    )
    for band in analysis["categories"]:
        assert (await office.read(BEHIND, category=band["categories"]))["students"] == band["students"], band
    for band in analysis["tiers"]:
        assert (await office.read(BEHIND, tier=band["tiers"]))["students"] == band["students"], band
    for week in analysis["weeks"]:
        behind = await office.read(BEHIND, week=week["week"])
        assert (behind["starts_on"], behind["ends_on"]) == (week["starts_on"], week["ends_on"])
        assert sum(item["absent_half_days"] for item in behind["items"]) == week["absent_half_days"]
    for weekday in analysis["weekdays"]:
        behind = await office.read(BEHIND, weekday=weekday["weekday"])
        assert sum(item["absent_half_days"] for item in behind["items"]) == weekday["absent_half_days"]
    # Those away most come first; a page leads on to the next, and the file has all.
    page = await office.read(BEHIND, week=1, limit=6)
    rest = await office.read(BEHIND, week=1, limit=6, cursor=page["next"])
    assert [item["student"] for item in page["items"] + rest["items"]] == [key(number) for number in (*range(6), *range(10, 15))]
    assert (page["students"], rest["next"]) == (11, None)
    file = await office.get(BEHIND, week=1, format="csv")
    assert len(file.text.splitlines()) == 12
    # A week that has not begun is nobody's.
    assert (await office.read(BEHIND, week=40))["items"] == []


async def test_a_figure_opens_only_the_students_whom_the_caller_looks_after(heart: Heart, office: Office) -> None:
    await full_school(heart)
    own = await office.read(BEHIND, token=office.token(groups=["year:9"]), week=1)
    assert {item["year_level"] for item in own["items"]} == {9}
    assert (await office.read(BEHIND, token=office.token(groups=["year:9"]), category="chronic"))["items"] == []


async def test_files_for_a_spreadsheet(heart: Heart, office: Office) -> None:
    await full_school(heart)
    answer = await office.get(format="csv", part="year-levels")
    assert answer.headers["content-disposition"] == 'attachment; filename="analysis-0999-2026-T4-year-levels.csv"'
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert rows[0][:3] == ["year level", "students", "absence %"]
    whole = await office.get(accept="text/csv")
    assert whole.headers["content-type"].startswith("text/csv")
    long = list(csv.reader(io.StringIO(whole.text, newline="")))
    assert long[0] == ["part", "row", "measure", "value"]
    assert ["summary", "", "students on yellow", "6"] in long
    assert (await office.get(accept="text/csv", format="json")).headers["content-type"] == "application/json"


async def test_the_effect_of_responses_reaches_into_the_term_before(heart: Heart, office: Office) -> None:
    await heart.school(terms=TERMS)
    await send(heart, range(30), 9, "9A")
    before = [day for day in (date(2026, 7, 20) + timedelta(days=number) for number in range(68)) if day.weekday() < 5]
    marks = [
        Mark(student=key(number), date=day, recorded_at=NOW, session=session, code="P")
        for number in range(30)
        for day in before
        for session in ("AM", "PM")
    ]
    for at in range(0, len(marks), 500):
        await heart.post(marks[at : at + 500])
    for number in range(30):
        await heart.post(absences(10, student=key(number)))
        await heart.post(absences(HALF_DAYS - 10, student=key(number), code="P", first=10))
    async with heart.engine.begin() as connection:
        # On the Monday of the second week, to six students.
        await connection.execute(
            text(
                """
                INSERT INTO responses (id, record_id, activity, standard, label, occurred_on, staff, recorded_by, recorded_at)
                SELECT gen_random_uuid(), id, 'hui', 'meeting-with-whanau', 'Hui', '2026-10-19', 'tests', 'tests', now()
                FROM star_records WHERE student < '006'
                """
            )
        )
    (found,) = (await office.read())["effects"]["items"]
    # Fifteen days of the term before and the week of ten half days; then four weeks of nothing.
    assert found == {
        "activity": "meeting-with-whanau",
        "label": "Meeting with whānau",
        "students": 6,
        "rate_before": 0.25,
        "rate_after": 0.0,
        "change": -0.25,
        "similar": {
            "matched": 6,
            "students": 24,
            "rate_before": 0.25,
            "rate_after": 0.0,
            "change": -0.25,
            "difference": 0.0,
            "interval": None,
        },
        "waiting": 0,
    }
    async with heart.engine.begin() as connection:
        await connection.execute(text("UPDATE responses SET withdrawn_at = now(), withdrawn_by = 'tests'"))
    assert (await office.read())["effects"]["items"] == []


async def test_a_past_term_has_the_weeks_after_it(heart: Heart, office: Office) -> None:
    await heart.school(terms=TERMS)
    await send(heart, range(6), 9, "9A")
    first_week = [date(2026, 7, 20) + timedelta(days=number) for number in range(68)]
    for number in range(6):
        marks = [
            Mark(student=key(number), date=day, recorded_at=NOW, session=session, code="M" if day > date(2026, 9, 17) else "P")
            for day in first_week
            if day.weekday() < 5
            for session in ("AM", "PM")
        ]
        await heart.post(marks)
        await heart.post(absences(HALF_DAYS, student=key(number), code="P"))
        async with heart.engine.begin() as connection:
            await connection.execute(
                text(
                    """
                    INSERT INTO responses (id, record_id, activity, standard, label, occurred_on, staff, recorded_by, recorded_at)
                    SELECT gen_random_uuid(), id, 'hui', 'meeting-with-whanau', 'Hui', '2026-09-25', 'tests', 'tests', now()
                    FROM star_records WHERE student = :student
                    """
                ),
                {"student": key(number)},
            )
    (found,) = (await office.read(term="2026-T3"))["effects"]["items"]
    # Five of the twenty days before the term's last day; none of the twenty after it, which lie in the next term.
    assert (found["students"], found["rate_before"], found["rate_after"]) == (6, 0.25, 0.0)


async def test_patterns_are_listed_by_student_and_written_into_the_audit_log(heart: Heart, office: Office) -> None:
    await full_school(heart)
    mondays = [FIRST_DAY + timedelta(days=7 * week) for week in (0, 1, 3, 4, 5)]
    for number in (7, 20):
        marks = [Mark(student=key(number), date=day, recorded_at=NOW + timedelta(hours=1), session="AM", code="E") for day in mondays]
        await heart.post(marks)
    page = await office.read(PATTERNS, pattern="weekday", limit=1)
    assert page["items"] == [
        {
            "student": "007",
            "student_id": str(student_id(SchoolNumber("0999"), "007")),
            "name": "Hemi Example7",
            "year_level": 9,
            "groups": ["9A", "Kauri"],
            "pattern": "weekday",
            "detail": "absent on 5 of 5 Mondays, and on 0 of 24 other days",
            "numbers": {
                "weekday": "Monday",
                "absent_days": 5,
                "marked_days": 5,
                "other_absent_days": 0,
                "other_marked_days": 24,
                "chance": 8e-06,
            },
        }
    ]
    assert page["rules"]["weekday"].startswith("Absent on at least 4 days of one weekday")
    after = await office.read(PATTERNS, pattern="weekday", limit=1, cursor=page["next"])
    assert ([item["student"] for item in after["items"]], after["next"]) == (["020"], None)
    as_file = await office.get(PATTERNS, format="csv", pattern="weekday", year_level=10)
    assert (
        as_file.text.splitlines()[1] == '020,Hemi Example20,10,"10A, Kauri",weekday,"absent on 5 of 5 Mondays, and on 0 of 24 other days"'
    )
    lines = await heart.rows("SELECT subject, action, students, filters FROM audit ORDER BY id")
    assert [(line.subject, line.action, line.students) for line in lines] == [
        ("tests", "read-analysis", ["007"]),
        ("tests", "read-analysis", ["020"]),
        ("tests", "read-analysis", ["020"]),
    ]
    assert lines[2].filters == {"term": "2026-T4", "pattern": "weekday", "year_level": 10}


async def test_days_and_terms_without_marks(heart: Heart, office: Office) -> None:
    await heart.school(terms=[*TERMS, TermDates("2027-T1", date(2027, 2, 1), date(2027, 4, 16))])
    assert (await office.read())["students"] == 0
    await send(heart, range(30), 9, "9A")
    body = await office.read()
    assert (body["students"], body["absence_rate"], body["unmarked_half_days"], body["target"]) == (30, None, 30 * HALF_DAYS, None)
    future = await office.read(term="2027-T1")
    assert (future["students"], future["school_days"], future["weeks"], future["best_week"]) == (30, 0, [], None)
    assert (await office.read(PATTERNS, term="2027-T1"))["items"] == []


@pytest.mark.parametrize(
    ("path", "query", "scopes", "schools", "status", "kind"),
    [
        (PATH, {}, "star:write", "0999", 403, "missing-scope"),
        (PATH, {}, "star:read", "0189", 403, "another-school"),
        ("/v1/schools/0998/analysis", {}, "star:read", "*", 404, "unknown-school"),
        (PATH, {"term": "2030-T1"}, "star:read", "*", 404, "unknown-term"),
        (PATH, {"format": "pdf"}, "star:read", "*", 422, "invalid-request"),
        (PATH, {"part": "names"}, "star:read", "*", 422, "invalid-request"),
        (PATH, {"year_level": 16}, "star:read", "*", 422, "invalid-request"),
        (PATTERNS, {}, "star:write", "0999", 403, "missing-scope"),
        (PATTERNS, {"pattern": "lazy"}, "star:read", "*", 422, "invalid-request"),
        (PATTERNS, {"cursor": "eh"}, "star:read", "*", 422, "bad-cursor"),
    ],
)
async def test_refusals(
    heart: Heart, office: Office, path: str, query: dict[str, str], scopes: str, schools: str, status: int, kind: str
) -> None:
    await heart.school(terms=TERMS)
    answer = await office.get(path, token=office.token(scopes, schools), **query)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:nz-star:problem:{kind}")
