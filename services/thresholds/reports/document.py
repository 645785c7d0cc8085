"""The report of a term as people read it: the numbers of an analysis, in an order for a board. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.thresholds.analysis.analysing import SMALL_SCHOOL
from services.thresholds.analysis.disclosure import FEWEST
from services.thresholds.analysis.findings import Analysis
from services.thresholds.pages.masthead import LANGUAGE, Fact, day_in_words
from services.thresholds.reports import absences, students
from services.thresholds.reports.blocks import Listing, ReportDocument, ReportSection

TITLE: Final = "Attendance report"

EARLY_DAYS: Final = 10
"""School days until which a single day away moves a student from one category to another."""

DEFINITIONS: Final = (
    ("Half days", "Attendance is counted in half days, within one school term, and starts again at 0 each term. 10 half days are 5 days."),
    (
        "Tiers",
        "The steps of the Ministry of Education's Stepped Attendance Response (STAR), by days away in the term for whatever reason,"
        " justified or not: green is fewer than 5 days, yellow 5 to 9.5, orange 10 to 14.5, red 15 or more.",
    ),
    (
        "Attendance categories",
        "The Ministry's, by the share of half days attended: regular is more than 90%, irregular more than 80% up to 90%, moderate more"
        " than 70% up to 80%, chronic 70% or less. A student can be regular and on yellow, or irregular and on green: categories go by"
        " shares, tiers by days.",
    ),
    ("Target", "The Government's: 80% of students regular by 2030."),
    (
        "Absence rate",
        "The share of half days away, of those marked as attended or absent. Exam leave and half days not marked are left out.",
    ),
    ("Justified and unjustified", "As the attendance codes have it. Both count towards STAR."),
    (
        "Put together, or not shown",
        f"A number about fewer than {FEWEST} students is not shown, nor is one from which it could be worked out. Tiers, year levels and"
        " codes are then put together with others, which the report says, or a number is left out. Sums are of everybody all the same."
        f" Of a whole school of {SMALL_SCHOOL} students or more, the tiers, categories and thresholds are shown as they are.",
    ),
    (
        "Totals by week",
        "As of the end of each week, from the marks as they stand now: a mark that was corrected counts as it is now, also in the week it"
        " is of.",
    ),
    (
        "Thresholds reached",
        "The term's STAR records, by the day on which marks reached the threshold. Those that corrected marks took back stay in the count,"
        " and are shown as taken back by the day of the correction.",
    ),
    ("Year levels and groups", "Those that students are in now, whatever they were in earlier in the term."),
)


@dataclass(frozen=True, slots=True)
class About:
    """The subject of a report. `whole_school`: it is about all of the school's students that the selection has, not a part of them."""

    school: str
    term: str
    starts_on: date
    ends_on: date
    as_of: datetime
    timezone: ZoneInfo
    whole_school: bool = True
    year_level: int | None = None
    group: str | None = None


def document(analysis: Analysis, about: About) -> ReportDocument:
    """The report of an analysis."""
    made = moment_in_words(about.as_of.astimezone(about.timezone))
    return ReportDocument(
        title=f"{TITLE}: {term_in_words(about.term)}",
        language=LANGUAGE,
        school=about.school,
        facts=(
            Fact("Term", f"{span_in_words(about.starts_on, about.ends_on)}; {_days(analysis.school_days)}\u00a0so\u00a0far"),
            Fact("Students", whom(analysis, about)),
            Fact("As of", made),
        ),
        headline=headline(analysis),
        made=made,
        notices=tuple(_notices(analysis, about)),
        sections=tuple(_sections(analysis, about, made)),
    )


def span_in_words(first: date, last: date) -> str:
    """As in `12 October to 18 December 2026`."""
    begins = f"{first.day}\u00a0{first:%B}" if first.year == last.year else day_in_words(first)
    return f"{begins} to {day_in_words(last)}"


def moment_in_words(moment: datetime) -> str:
    """As in `20 November 2026, 7:05 pm`; by the clock of the moment."""
    return f"{day_in_words(moment.date())}, {moment.hour % 12 or 12}:{moment:%M}\u00a0{'am' if moment.hour < 12 else 'pm'}"


def term_in_words(name: str) -> str:
    """As in `Term 4, 2026` for `2026-T4`; any other name as it is."""
    year, _, number = name.partition("-T")
    return f"Term {number}, {year}" if year.isdecimal() and number.isdecimal() else name


def whom(analysis: Analysis, about: About) -> str:
    """How many students the report is about, and which."""
    count = f"fewer than {FEWEST}, or not shown" if analysis.students is None else f"{analysis.students:,}"
    which = [] if about.whole_school else ["a part of the school"]
    which += [] if about.year_level is None else [f"year {about.year_level}"]
    which += [] if about.group is None else [f"group {about.group}"]
    return f"{count} ({', '.join(which)})" if which else count


def headline(analysis: Analysis) -> str:
    """The share of students who attend regularly, beside the target; or why there is none."""
    if analysis.students is None:
        return f"This report shows no numbers: they would be about fewer than {FEWEST} students, or give such a number away."
    if not analysis.students:
        return "There are no students to report on."
    if not is_marked(analysis):
        return "No half day of this term is marked yet, so there is nothing to report."
    target = analysis.target
    if target is None:
        return (
            f"The share of students who attend regularly is not shown, since it would tell about fewer than {FEWEST} students;"
            f" {students.percent(analysis.absence_rate)} of half days were missed."
        )
    points = target.percentage_points
    # From the points, which are rounded once, so that share and distance always add up to the target.
    share = f"{round(target.target_share * 100 + points, 1):.1f}%"
    begins = f"{share} of students attend regularly (more than 90% of half days)"
    goal = f"the target of {target.target_share * 100:.0f}% by 2030"
    if not target.students:
        return f"{begins}: {goal} is reached" + (f", and passed by {points:.1f} percentage points." if points > 0 else ".")
    short = "1 student" if target.students == 1 else f"{target.students:,} students"
    return f"{begins}: {f'{-points:.1f} percentage points ({short})' if points < 0 else short} below {goal}."


def is_marked(analysis: Analysis) -> bool:
    """Whether any half day is marked as attended or absent."""
    return bool((analysis.absent_half_days or 0) + (analysis.attended_half_days or 0))


def _notices(analysis: Analysis, about: About) -> Iterator[str]:
    if not about.whole_school:
        yield "This report is about a part of the school: the students whom the person who asked for it looks after."
    if not analysis.students or not is_marked(analysis):
        return
    if analysis.school_days < EARLY_DAYS:
        yield (
            f"The term has had {_days(analysis.school_days)}: one day away is enough to change a student's category, and few students can"
            " have reached a threshold. Read the shares with that in mind."
        )
    if analysis.crossings is None:
        yield (
            f"Of a part of a school, or a school of fewer than {SMALL_SCHOOL} students, a small number is soon a name. Where a number would"
            f" be about fewer than {FEWEST} students, it is put together with others or left out."
        )


def _sections(analysis: Analysis, about: About, made: str) -> Iterator[ReportSection]:
    if analysis.students and is_marked(analysis):
        yield ReportSection("tiers", "Students on each tier", tuple(students.tiers(analysis)))
        yield ReportSection("crossings", "Thresholds reached, week by week", tuple(students.crossings(analysis)))
        yield ReportSection("categories", "Attendance categories and the target", tuple(students.categories(analysis)))
        yield ReportSection("reasons", "Reasons for absence", tuple(absences.reasons(analysis)))
        yield ReportSection("weeks", "Weeks and weekdays", tuple(absences.weeks_and_weekdays(analysis)))
        yield ReportSection("parts", "Year levels and groups", tuple(students.parts(analysis)))
        yield ReportSection("patterns", "Patterns of absence", tuple(absences.patterns(analysis)))
        yield ReportSection("effects", "After the school responded", tuple(absences.effects(analysis)))
    yield ReportSection("reading", "How to read this report", (Listing((*DEFINITIONS, *_moment(made))),))


def _moment(made: str) -> Sequence[tuple[str, str]]:
    text = f"The numbers are of the marks as they stood on {made}. Marks that are corrected later change them, those of past weeks too."
    return (("As of", text),)


def _days(count: int) -> str:
    return f"{count}\u00a0school\u00a0{'day' if count == 1 else 'days'}"
