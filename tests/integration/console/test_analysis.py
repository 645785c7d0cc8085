"""The analysis: plots that are tables, files, and the students behind a pattern."""

import re
from html import unescape
from typing import Any

from services.console.pages.analysis.charts import Link, Lists, charts_of, headline
from tests.integration.console.conftest import Screens

ANALYSIS = "/console/0999/analysis"


async def test_a_school_of_one_student_gives_nobody_away(screens: Screens) -> None:
    person = await screens.person("principal")
    page = await person.look(ANALYSIS)
    assert "Too few students to show numbers that nobody can be picked out from." in page.text
    assert "How the numbers are made" in page.text
    assert (await person.look(f"{ANALYSIS}/patterns")).heading == "Patterns"
    # Staff look up their own students by name all the same: each look is on record.
    page = await person.look(f"{ANALYSIS}/students", week=1)
    assert page.heading == "Students behind a figure"
    assert "Away in week 1, Mon 12 Oct to Sun 18 Oct" in page.text
    assert "Example" in page.text
    (link,) = set(re.findall(r'href="(/console/0999/students/[^"]+)"', page.html))
    student = await person.http.get(unescape(link))
    assert 'href="/console/0999/analysis/students?week=1"' in student.text
    # A category that nobody is in, and a filter that is none, have words too.
    assert "Nobody is behind this figure" in (await person.look(f"{ANALYSIS}/students", category="moderate")).text
    file = await person.http.get(f"{ANALYSIS}/students?week=1&format=csv")
    assert file.text.splitlines()[0].startswith("student,name,year level")
    dean = await screens.person("dean")
    assert "0 students" in (await dean.look(f"{ANALYSIS}/students", week=1, year_level=9)).text


async def test_each_plot_is_a_file_and_the_report_is_on_paper(screens: Screens) -> None:
    person = await screens.person("dean")
    file = await person.http.get(f"{ANALYSIS}?format=csv&part=weekdays")
    assert file.text.splitlines()[0] == "day,value,in words"
    assert (await person.http.get(f"{ANALYSIS}?format=csv&part=nothing")).status_code == 404
    paper = await person.http.get(f"{ANALYSIS}/report.pdf")
    assert paper.content.startswith(b"%PDF")


def test_the_headline_says_how_far_the_target_is() -> None:
    sent = {
        "students": 300,
        "absence_rate": 0.087,
        "target": {"target_share": 0.8, "regular_share": 0.7133, "students": 26},
    }
    assert headline(sent) == (
        "300 students, 8.7 % of half days away; 71.3 % attend regularly, and 26 more students would have to for the target of 80.0 %."
    )


def opened(name: str) -> Link:
    return lambda **filters: f"{name}?{filters}"


HERE = Lists(opened("students"), opened("records"), opened("behind"), opened("patterns"))
PAST = Lists(lambda **_: None, lambda **_: None, opened("behind"), opened("patterns"))
SENT: dict[str, Any] = {
    **dict.fromkeys(("best_week", "worst_week", "best_weekday", "worst_weekday")),
    "weeks": [
        {"week": 1, "starts_on": "2026-10-12", "absence_rate": 0.1, "absent_half_days": 6},
        {"week": 2, "starts_on": "2026-10-19", "absence_rate": 0.0, "absent_half_days": 0},
    ],
    "weekdays": [{"weekday": "Monday", "absence_rate": 0.2, "absent_half_days": 9}],
    "groups": [{"group": "10A", "students": 9, "absence_rate": 0.1}],
    "patterns": [
        {"pattern": "weekday", "students": 5, "rule": "Absent on one weekday."},
        {"pattern": "afternoons", "students": None, "rule": "Only the afternoon."},
    ],
    "tiers": [{"tiers": ["green"], "students": 20}, {"tiers": ["yellow", "orange", "red"], "students": 6}],
    "classes": [{"class": "justified", "codes": [{"code": "M", "meaning": "Illness", "half_days": None}]}],
    "year_levels": [{"year_level": None, "merged": [9, None], "students": None, "absence_rate": None}],
    "categories": [
        {"categories": ["unmarked"], "students": 0},
        {"categories": ["regular"], "students": 20},
        {"categories": ["irregular", "moderate"], "students": 6},
    ],
    "crossings": [{"threshold": 5, "up": None, "down": None}, {"threshold": 10, "up": 7, "down": 0}],
}


def test_bars_lead_to_their_students_and_hidden_ones_to_nobody() -> None:
    charts = {chart.name: chart for chart in charts_of(SENT, HERE)}
    green, others = charts["tiers"].bars
    assert (green.href, others.href) == ("students?{'tier': 'green'}", "behind?{'tier': ['yellow', 'orange', 'red']}")
    assert others.label == "Yellow and Orange and Red"
    assert [bar.shown for bar in charts["causes"].bars] == ["too few to show"]
    assert [(bar.label, bar.shown, bar.href) for bar in charts["years"].bars] == [("Together: years 9, no year", "too few to show", None)]
    assert [(bar.shown, bar.href) for bar in charts["steps"].bars] == [
        ("too few reached it", None),
        ("7 reached it", "records?{'threshold': 10, 'status': 'all'}"),
    ]
    assert [bar.href for bar in charts["weeks"].bars] == ["behind?{'week': 1}", None]
    assert [bar.href for bar in charts["weekdays"].bars] == ["behind?{'weekday': 'Monday'}"]
    # Categories that are shown together open one list, in which they are together too.
    assert [bar.href for bar in charts["categories"].bars] == [
        None,
        "behind?{'category': ['regular']}",
        "behind?{'category': ['irregular', 'moderate']}",
    ]
    assert [bar.href for bar in charts["patterns"].bars] == ["patterns?{'pattern': 'weekday'}", None]


def test_bars_of_a_past_term_open_the_lists_that_know_it() -> None:
    charts = {chart.name: chart for chart in charts_of(SENT, PAST)}
    assert charts["tiers"].bars[0].href == "behind?{'tier': ['green']}"
    assert [bar.href for bar in charts["groups"].bars] == ["behind?{'group': '10A'}"]
    assert [bar.href for bar in charts["steps"].bars] == [None, None]


async def test_terms_stand_one_after_the_other(screens: Screens) -> None:
    person = await screens.person("principal")
    page = await person.look(ANALYSIS)
    assert f'href="{ANALYSIS}/trend"' in page.html
    page = await person.look(f"{ANALYSIS}/trend")
    assert page.heading == "Term by term"
    assert "too few to show" in page.text
    assert "the numbers are in the table below" in page.html
    file = await person.http.get(f"{ANALYSIS}/trend?format=csv")
    assert file.text.splitlines()[0].startswith("term,attend regularly,absence")
