"""The analysis: plots that are tables, files, and the students behind a pattern."""

from services.console.pages.analysis.charts import charts_of, headline
from tests.integration.console.conftest import Screens

ANALYSIS = "/console/0999/analysis"


async def test_a_school_of_one_student_gives_nobody_away(screens: Screens) -> None:
    person = await screens.person("principal")
    page = await person.look(ANALYSIS)
    assert "Too few students to show numbers that nobody can be picked out from." in page.text
    assert "How the numbers are made" in page.text
    assert (await person.look(f"{ANALYSIS}/patterns")).heading == "Patterns"


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


def test_bars_lead_to_their_students_and_hidden_ones_to_nobody() -> None:
    empty = dict.fromkeys(("weeks", "weekdays", "groups", "patterns"), ())
    best = dict.fromkeys(("best_week", "worst_week", "best_weekday", "worst_weekday"))
    sent = {
        **empty,
        **best,
        "tiers": [{"tiers": ["green"], "students": 20}, {"tiers": ["yellow", "orange", "red"], "students": 6}],
        "classes": [{"class": "justified", "codes": [{"code": "M", "meaning": "Illness", "half_days": None}]}],
        "year_levels": [{"year_level": None, "merged": [9, None], "students": None, "absence_rate": None}],
        "categories": None,
        "crossings": [{"threshold": 5, "up": None, "down": None}, {"threshold": 10, "up": 7, "down": 0}],
    }
    charts = {
        chart.name: chart for chart in charts_of(sent, lambda **filters: f"students?{filters}", lambda **filters: f"records?{filters}")
    }
    green, others = charts["tiers"].bars
    assert (green.href, others.href) == ("students?{'tier': 'green'}", None)
    assert others.label == "Yellow and Orange and Red"
    assert [bar.shown for bar in charts["causes"].bars] == ["too few to show"]
    assert [(bar.label, bar.shown) for bar in charts["years"].bars] == [("Together: years 9, no year", "too few to show")]
    assert [(bar.shown, bar.href) for bar in charts["steps"].bars] == [
        ("too few reached it", None),
        ("7 reached it", "records?{'threshold': 10, 'status': 'all'}"),
    ]
