"""The sections about absences: reasons, weeks and weekdays, patterns, and what came after the school's responses. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from services.thresholds.analysis.disclosure import FEWEST
from services.thresholds.analysis.effects import INTERVAL_FROM, WARNING, WINDOW, ActivityEffect
from services.thresholds.analysis.findings import Analysis
from services.thresholds.analysis.patterns import Pattern
from services.thresholds.analysis.weeks import best_and_worst
from services.thresholds.reports.blocks import (
    Bar,
    Bars,
    Block,
    Cell,
    Columns,
    Difference,
    Differences,
    Figure,
    Series,
    Table,
    Text,
    columns,
    row,
)
from services.thresholds.reports.students import day_and_month, percent

FEW: Final = f"fewer than {FEWEST}, or not shown"

MOST_BARS: Final = 12
"""Codes in the plot; the table has all."""
LONGEST_LABEL: Final = 34

EFFECT_NUMBERS: Final = (
    "Students",
    "Before",
    "After",
    "Similar: before",
    "Similar: after",
    "Difference",
    "Interval",
    "Still waiting",
)

PATTERNS: Final[dict[Pattern, str]] = {
    "weekday": "One weekday",
    "around-breaks": "Beside breaks",
    "afternoons": "Afternoons",
    "one-spell": "One long spell",
    "scattered": "Scattered days",
}


def reasons(analysis: Analysis) -> Iterator[Block]:
    """Absent half days by class and code."""
    if analysis.classes is None:
        yield Text(f"Reasons are not shown: they would tell about fewer than {FEWEST} students.")
        return
    total = sum(absences.half_days for absences in analysis.classes)
    if not total:
        yield Text("No half day was missed so far.")
        return
    classes = " and ".join(
        f"{absences.half_days:,} {absences.absence_class} ({percent(absences.half_days / total)})" for absences in analysis.classes
    )
    yield Text(f"Of {total:,} half days missed: {classes}. Both kinds count towards STAR.")
    codes = [
        (_code(code.code, code.meaning), absences.absence_class, code.half_days) for absences in analysis.classes for code in absences.codes
    ]
    codes.sort(key=lambda one: -one[2])
    bars = tuple(Bar(_short(name), count, f"{count:,}", kind) for name, kind, count in codes[:MOST_BARS])
    numbers = [row(name, kind, f"{count:,}", percent(count / total)) for name, kind, count in codes]
    yield Figure(
        "reasons",
        "Half days missed, by reason" + (f": the {MOST_BARS} most frequent" if len(codes) > MOST_BARS else ""),
        f"Bars of half days missed by attendance code. The longest: {codes[0][0]}, {codes[0][2]:,}.",
        Bars(bars, (("Unjustified", "unjustified"), ("Justified", "justified"))),
        Table("Half days missed, by reason", columns("Reason", "Class", numbers=("Half days", "Share")), tuple(numbers)),
    )


def weeks_and_weekdays(analysis: Analysis) -> Iterator[Block]:
    """The rate of absence by week and by weekday."""
    yield Text(f"In all, {percent(analysis.absence_rate)} of half days were missed.")
    weeks, days = analysis.weeks, analysis.weekdays
    extremes = best_and_worst([week.absence_rate for week in weeks])
    if extremes:
        best, worst = weeks[extremes[0]], weeks[extremes[1]]
        yield Text(
            f"The least was missed in week {best.week} ({percent(best.absence_rate)}), the most in week {worst.week}"
            f" ({percent(worst.absence_rate)})."
        )
    yield Figure(
        "weeks",
        "Share of half days missed, by week",
        "Columns of per cent missed by week: "
        + ", ".join(f"week {week.week} {percent(week.absence_rate) or 'nothing marked'}" for week in weeks)
        + ".",
        Columns(
            tuple(str(week.week) for week in weeks),
            (_rates([week.absence_rate for week in weeks]),),
            "% missed",
            "Week of the term",
            numbered=True,
        ),
        Table(
            "Half days missed, by week",
            columns("Week", "Days", numbers=("Missed", "Marked", "Share missed")),
            tuple(
                row(
                    str(week.week),
                    day_and_month(week),
                    f"{week.absent_half_days:,}",
                    f"{week.counted_half_days:,}",
                    percent(week.absence_rate) or "–",
                )
                for week in weeks
            ),
        ),
    )
    extremes = best_and_worst([day.absence_rate for day in days])
    if extremes:
        best_day, worst_day = days[extremes[0]], days[extremes[1]]
        yield Text(
            f"The least was missed on {best_day.weekday}s ({percent(best_day.absence_rate)}), the most on {worst_day.weekday}s"
            f" ({percent(worst_day.absence_rate)})."
        )
    yield Figure(
        "weekdays",
        "Share of half days missed, by weekday",
        "Columns of per cent missed by weekday: " + ", ".join(f"{day.weekday} {percent(day.absence_rate)}" for day in days) + ".",
        Columns(tuple(day.weekday for day in days), (_rates([day.absence_rate for day in days]),), "% missed", numbered=True),
        Table(
            "Half days missed, by weekday",
            columns("Weekday", numbers=("Missed", "Marked", "Share missed")),
            tuple(row(day.weekday, f"{day.absent_half_days:,}", f"{day.counted_half_days:,}", percent(day.absence_rate)) for day in days),
        ),
    )


def patterns(analysis: Analysis) -> Iterator[Block]:
    """How many students show which pattern."""
    yield Text("How many students' absences follow a pattern. Who they are is for the staff who look after them, not for this report.")
    rows = [
        row(PATTERNS[count.pattern], FEW if count.students is None else f"{count.students:,}", count.rule) for count in analysis.patterns
    ]
    headings = (*columns("Pattern", numbers=["Students"]), *columns("Rule"))
    yield Table("Students by pattern", headings, tuple(rows))


def effects(analysis: Analysis) -> Iterator[Block]:
    """Absence before and after activities, beside similar students."""
    if not analysis.effects:
        yield Text("No response activity of this term is recorded that could be shown here.")
        return
    yield Text(WARNING, "warning")
    weeks = WINDOW // 5
    yield Text(
        f"For each activity: the rate of absence in the {weeks} school weeks before and after it, and the same of similar students who had"
        " none. The difference says by how many percentage points more their rate changed than that of the similar students; below 0 is"
        f" less absence. The interval says how far it could lie from that by chance; it is given from {INTERVAL_FROM} students on, and a"
        " point without one is hollow."
    )
    table = Table(
        "Absence before and after activities",
        columns("Activity", numbers=EFFECT_NUMBERS),
        tuple(_effect(effect) for effect in analysis.effects),
    )
    measured = [(effect, effect.similar) for effect in analysis.effects if effect.similar is not None]
    if not measured:
        yield Text(f"No activity has enough students, and similar ones, with {weeks} weeks on either side yet to compare.")
        yield table
    else:
        rows = tuple(
            Difference(
                _short(effect.label),
                similar.difference * 100,
                None if similar.interval is None else (similar.interval[0] * 100, similar.interval[1] * 100),
            )
            for effect, similar in measured
        )
        yield Figure(
            "effects",
            "Difference from similar students, in percentage points",
            "Points around 0, with intervals: "
            + ", ".join(f"{effect.label} {points(similar.difference)}" for effect, similar in measured)
            + ".",
            Differences(rows, "less absence", "more absence"),
            table,
        )
    yield Text(f"“Still waiting” are students whose {weeks} weeks after the activity are not over.")


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    value = round(difference * 100, 1)
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{abs(value):.1f}"


def _effect(effect: ActivityEffect) -> tuple[Cell, ...]:
    waiting = FEW if effect.waiting is None else f"{effect.waiting:,}"
    counted = FEW if effect.students is None else f"{effect.students:,}"
    beside: Sequence[str] = ("", "", "", "")
    if effect.similar is not None:
        theirs = effect.similar
        interval = "" if theirs.interval is None else f"{points(theirs.interval[0])} to {points(theirs.interval[1])}"
        beside = (percent(theirs.rate_before), percent(theirs.rate_after), points(theirs.difference), interval)
    return row(effect.label, counted, percent(effect.rate_before), percent(effect.rate_after), *beside, waiting)


def _rates(rates: Sequence[float | None]) -> Series:
    return Series("", tuple(None if rate is None else rate * 100 for rate in rates), "plain")


def _code(code: str | None, meaning: str) -> str:
    return f"{meaning} ({code})" if code is not None and len(code) == 1 else meaning


def _short(label: str) -> str:
    """In lines that leave room for the plot."""
    lines, words = [""], label.split(" ")
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > LONGEST_LABEL:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
