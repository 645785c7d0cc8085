"""The report's words and tables, by hand."""

from dataclasses import replace
from datetime import date

import pytest

from services.thresholds.analysis.categories import Target
from services.thresholds.analysis.effects import WARNING
from services.thresholds.analysis.findings import Analysis
from services.thresholds.reports.blocks import Figure, ReportDocument, Table, Text
from services.thresholds.reports.document import document, headline, term_in_words
from tests.unit.services.thresholds.reports.analyses import ABOUT, NOBODY, NONE_SHOWN, TINY, UNMARKED, WHOLE


def made(analysis: Analysis = WHOLE, **about: object) -> ReportDocument:
    return document(analysis, replace(ABOUT, **about))  # type: ignore[arg-type]


def cells(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def tables(shown: ReportDocument, anchor: str) -> list[Table]:
    (section,) = [one for one in shown.sections if one.anchor == anchor]
    return [block.table if isinstance(block, Figure) else block for block in section.blocks if isinstance(block, Figure | Table)]


def texts(shown: ReportDocument, anchor: str) -> list[str]:
    (section,) = [one for one in shown.sections if one.anchor == anchor]
    return [block.text for block in section.blocks if isinstance(block, Text)]


def test_the_headline_tells_the_share_and_the_distance() -> None:
    begins = "of students attend regularly (more than 90% of half days): "
    assert headline(WHOLE) == f"71.3% {begins}8.7 percentage points (105 students) below the target of 80% by 2030."
    reached = replace(WHOLE, target=Target(0.8, 0.8342, 3.4, 0))
    assert headline(reached) == f"83.4% {begins}the target of 80% by 2030 is reached, and passed by 3.4 percentage points."
    exactly = replace(WHOLE, target=Target(0.8, 0.8, 0.0, 0))
    assert headline(exactly) == f"80.0% {begins}the target of 80% by 2030 is reached."
    # 2,399 of 3,000 are 79.97%.
    nearly = replace(WHOLE, target=Target(0.8, 0.7997, 0.0, 1))
    assert headline(nearly) == f"80.0% {begins}1 student below the target of 80% by 2030."


def test_share_and_distance_add_up_however_they_were_rounded() -> None:
    # 285 of 400 are 71.25%.
    assert headline(replace(WHOLE, target=Target(0.8, 0.7125, -8.8, 35))).startswith("71.2% ")


@pytest.mark.parametrize(
    ("analysis", "said"),
    [
        (NONE_SHOWN, "This report shows no numbers: they would be about fewer than 5 students, or give such a number away."),
        (NOBODY, "There are no students to report on."),
        (UNMARKED, "No half day of this term is marked yet, so there is nothing to report."),
    ],
)
def test_without_numbers_the_report_says_why(analysis: Analysis, said: str) -> None:
    shown = made(analysis)
    assert (shown.headline, [section.anchor for section in shown.sections], shown.figures()) == (said, ["reading"], [])


def test_the_order_is_a_boards() -> None:
    shown = made()
    assert [section.heading for section in shown.sections] == [
        "Students on each tier",
        "Thresholds reached, week by week",
        "Attendance categories and the target",
        "Reasons for absence",
        "Weeks and weekdays",
        "Year levels and groups",
        "Patterns of absence",
        "After the school responded",
        "How to read this report",
    ]
    assert (shown.title, shown.school, shown.language) == ("Attendance report: Term 4, 2026", "Ōtaki Example College", "en-NZ")
    assert [(fact.label, fact.value.replace("\u00a0", " ")) for fact in shown.facts] == [
        ("Term", "12 October to 18 December 2026; 10 school days so far"),
        ("Students", "1,200"),
        ("As of", "23 October 2026, 7:05 pm"),
    ]
    assert shown.notices == ()
    names = [figure.name for figure in shown.figures()]
    assert names == ["tiers-now", "tiers-by-week", "crossings-by-week", "categories", "reasons", "weeks", "weekdays", "effects"]


def test_tiers_now_and_by_week() -> None:
    now, by_week = tables(made(), "tiers")
    assert cells(now) == [
        ["Green", "fewer than 5 days", "1,047", "87.2%"],
        ["Yellow", "5 to 9.5 days", "140", "11.7%"],
        ["Orange", "10 to 14.5 days", "13", "1.1%"],
        ["Red", "15 days or more", "0", "0.0%"],
    ]
    assert cells(by_week) == [
        ["1", "12\u00a0to\u00a018\u00a0Oct", "1,111", "89", "0", "0"],
        ["2", "19\u00a0to\u00a025\u00a0Oct", "1,047", "140", "13", "0"],
    ]


def test_thresholds_reached_and_taken_back() -> None:
    shown = made()
    (by_week,) = tables(shown, "crossings")
    assert cells(by_week) == [["1", "91", "0", "0", "0"], ["2", "66", "13", "0", "0"], ["All", "157", "13", "0", "4"]]
    said = texts(shown, "crossings")
    assert said[0].startswith("So far the threshold of 5 days was reached 157 times, that of 10 days 13 times and that of 15 days never.")
    assert said[1].startswith("Corrected marks took 4 of these back")


def test_categories_are_shares_of_those_who_have_one() -> None:
    shown = made()
    (table,) = tables(shown, "categories")
    # Of 1,199: one has no mark.
    assert cells(table) == [
        ["Regular", "more than 90%", "855", "71.3%"],
        ["Irregular", "more than 80%, up to 90%", "240", "20.0%"],
        ["Moderate", "more than 70%, up to 80%", "63", "5.3%"],
        ["Chronic", "70% or less", "41", "3.4%"],
    ]
    assert texts(shown, "categories") == [
        "The target is 80% of students regular by 2030. For that, 105 more of these 1,199 would have to be.",
        "Without a half day marked so far, and therefore without a category: 1 student.",
    ]


def test_reasons_by_code_and_class() -> None:
    shown = made()
    (table,) = tables(shown, "reasons")
    assert cells(table) == [
        ["Illness or medical reason (M)", "justified", "1,571", "77.0%"],
        ["No information, truant (T)", "unjustified", "401", "19.7%"],
        ["Other codes together", "unjustified", "39", "1.9%"],
        ["Other codes together", "justified", "29", "1.4%"],
    ]
    assert texts(shown, "reasons") == [
        "Of 2,040 half days missed: 440 unjustified (21.6%) and 1,600 justified (78.4%). Both kinds count towards STAR."
    ]


def test_weeks_and_weekdays() -> None:
    shown = made()
    by_week, by_day = tables(shown, "weeks")
    assert cells(by_week)[1] == ["2", "19\u00a0to\u00a025\u00a0Oct", "1,200", "12,000", "10.0%"]
    assert cells(by_day) == [["Monday", "300", "4,800", "6.2%"], ["Friday", "900", "4,800", "18.8%"]]
    assert "The least was missed in week 1 (7.0%), the most in week 2 (10.0%)." in texts(shown, "weeks")
    assert "The least was missed on Mondays (6.2%), the most on Fridays (18.8%)." in texts(shown, "weeks")


def test_what_is_put_together_says_so_and_small_groups_are_not_even_named() -> None:
    shown = made()
    years, groups = tables(shown, "parts")
    assert cells(years) == [
        ["Year\u00a010", "611", "8.1%", "533", "71", "7 on orange or red", "72%"],
        ["Year\u00a09 and not known", "589", "8.9%", "514", "75 on yellow, orange or red", "not shown"],
    ]
    assert [cell.span for cell in years.rows[1]] == [1, 1, 1, 1, 3, 1]
    # As people sort, and not as machines do.
    assert [row[0] for row in cells(groups)] == ["9B", "10A"]
    assert cells(groups)[1][3:] == ["31 on green, yellow, orange or red", "not shown"]
    assert texts(shown, "parts")[-1] == "2 groups are not shown, being too small or giving a small number away."
    assert "Secret" not in repr(shown)


def test_patterns_are_counts_and_few_are_no_count() -> None:
    (table,) = tables(made(), "patterns")
    assert cells(table) == [
        ["One weekday", "17", "Absent on one weekday."],
        ["Scattered days", "fewer than 5, or not shown", "Absent now and then."],
    ]


def test_effects_come_with_their_warning_first() -> None:
    shown = made()
    (table,) = tables(shown, "effects")
    assert texts(shown, "effects")[0] == WARNING
    assert cells(table) == [
        ["Meeting with whānau", "44", "31.0%", "19.0%", "30.0%", "24.0%", "−6.1", "−9.3 to −2.9", "12"],
        ["Written communication", "9", "20.0%", "21.0%", "20.0%", "19.0%", "+2.0", "", "fewer than 5, or not shown"],
        ["In-school support", "fewer than 5, or not shown", "", "", "", "", "", "", "0"],
    ]


def test_every_row_fills_its_table() -> None:
    for analysis in (WHOLE, TINY):
        shown = made(analysis)
        for section in shown.sections:
            for table in tables(shown, section.anchor):
                for row in table.rows:
                    assert sum(cell.span for cell in row) == len(table.columns), table.caption


def test_a_tiny_school_is_told_that_little_can_be_shown() -> None:
    shown = made(TINY)
    assert shown.headline == (
        "The share of students who attend regularly is not shown, since it would tell about fewer than 5 students; 7.1% of half days were"
        " missed."
    )
    assert [notice[:29] for notice in shown.notices] == ["Of a part of a school, or a s"]
    assert [figure.name for figure in shown.figures()] == ["weeks", "weekdays"]
    assert texts(shown, "tiers")[0] == "How many of the 14 students are on which tier is not shown: it would tell about fewer than 5."
    assert texts(shown, "categories")[-1] == "How many students are in which category is not shown."
    assert texts(shown, "reasons") == ["Reasons are not shown: they would tell about fewer than 5 students."]
    assert texts(shown, "parts") == ["Year levels are not shown.", "There are no groups."]
    assert cells(tables(shown, "weeks")[0])[1][2:] == ["0", "0", "–"]


def test_the_first_days_are_taken_with_a_grain_of_salt() -> None:
    (notice,) = made(replace(WHOLE, school_days=1)).notices
    assert notice.startswith("The term has had 1\u00a0school\u00a0day: one day away is enough to change")
    nobody = made(replace(WHOLE, crossings=tuple(replace(one, up=0, down=0) for one in WHOLE.crossings or ())))
    assert texts(nobody, "crossings") == ["No student has reached 5 days away in this term."]


def test_a_part_and_a_selection_are_named() -> None:
    shown = made(whole_school=False, year_level=9, group="9A")
    assert shown.facts[1].value == "1,200 (a part of the school, year 9, group 9A)"
    assert shown.notices[0].startswith("This report is about a part of the school")


def test_terms_and_their_days_in_words() -> None:
    assert (term_in_words("2026-T4"), term_in_words("Summer")) == ("Term 4, 2026", "Summer")
    fact = made(starts_on=date(2026, 12, 1), ends_on=date(2027, 1, 29)).facts[0].value.replace("\u00a0", " ")
    assert fact == "1 December 2026 to 29 January 2027; 10 school days so far"
