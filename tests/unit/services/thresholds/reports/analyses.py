"""A made-up term of a school, as the analysis tells it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.thresholds.analysis.categories import Target
from services.thresholds.analysis.causes import ClassAbsences, CodeAbsences
from services.thresholds.analysis.effects import ActivityEffect, Similar
from services.thresholds.analysis.findings import Analysis, Band, Cohort, PatternCount
from services.thresholds.analysis.weeks import Crossings, Week, Weekday
from services.thresholds.reports.document import About

AT = datetime(2026, 10, 23, 6, 5, tzinfo=UTC)

ABOUT = About(
    school="Ōtaki Example College",
    term="2026-T4",
    starts_on=date(2026, 10, 12),
    ends_on=date(2026, 12, 18),
    as_of=AT,
    timezone=ZoneInfo("Pacific/Auckland"),
)


def week(number: int, day: int, absent: int, counted: int, tiers: tuple[int, int, int, int], crossed: tuple[int, int, int]) -> Week:
    rate = round(absent / counted, 4) if counted else None
    by_tier: Any = dict(zip(("green", "yellow", "orange", "red"), tiers, strict=True))
    up = tuple(Crossings(threshold, count, 0) for threshold, count in zip((5, 10, 15), crossed, strict=True))  # type: ignore[arg-type]
    return Week(number, date(2026, 10, day), date(2026, 10, day + 6), absent, counted, rate, by_tier, up)


WHOLE = Analysis(
    students=1200,
    school_days=10,
    absent_half_days=2040,
    attended_half_days=21_960,
    excluded_half_days=0,
    unmarked_half_days=0,
    absence_rate=0.085,
    tiers=(Band(("green",), 1047), Band(("yellow",), 140), Band(("orange",), 13), Band(("red",), 0)),
    categories=(
        Band(("unmarked",), 1),
        Band(("regular",), 855),
        Band(("irregular",), 240),
        Band(("moderate",), 63),
        Band(("chronic",), 41),
    ),
    target=Target(0.8, 0.7131, -8.7, 105),
    weeks=(
        week(1, 12, 840, 12_000, (1111, 89, 0, 0), (91, 0, 0)),
        week(2, 19, 1200, 12_000, (1047, 140, 13, 0), (66, 13, 0)),
    ),
    crossings=(Crossings(5, 157, 4), Crossings(10, 13, 0), Crossings(15, 0, 0)),
    weekdays=(Weekday("Monday", 300, 4800, 0.0625), Weekday("Friday", 900, 4800, 0.1875)),
    classes=(
        ClassAbsences(
            "unjustified", 440, (CodeAbsences("T", "No information, truant", 401), CodeAbsences(None, "Other codes together", 39))
        ),
        ClassAbsences(
            "justified", 1600, (CodeAbsences("M", "Illness or medical reason", 1571), CodeAbsences(None, "Other codes together", 29))
        ),
    ),
    year_levels=(
        Cohort(10, (), 611, 0.081, (Band(("green",), 533), Band(("yellow",), 71), Band(("orange", "red"), 7)), 0.72),
        Cohort(None, (9, None), 589, 0.089, (Band(("green",), 514), Band(("yellow", "orange", "red"), 75)), None),
    ),
    groups=(
        Cohort("10A", (), 31, 0.05, (Band(("green", "yellow", "orange", "red"), 31),), None),
        Cohort("9B", (), 28, 0.04, (Band(("green",), 28), Band(("yellow",), 0), Band(("orange",), 0), Band(("red",), 0)), 1.0),
        Cohort(None, ("Secret <b>society", "Quiet room")),
    ),
    patterns=(PatternCount("weekday", "Absent on one weekday.", 17), PatternCount("scattered", "Absent now and then.", None)),
    effects=(
        ActivityEffect(
            "meeting-with-whanau",
            "Meeting with whānau",
            44,
            0.31,
            0.19,
            -0.12,
            Similar(44, 300, 0.3, 0.24, -0.06, -0.061, (-0.093, -0.029)),
            12,
        ),
        ActivityEffect(
            "written-communication", "Written communication", 9, 0.2, 0.21, 0.01, Similar(9, 70, 0.2, 0.19, -0.01, 0.0204, None), None
        ),
        ActivityEffect("in-school-support", "In-school support", None, None, None, None, None, 0),
    ),
)

TINY = Analysis(
    students=14,
    school_days=10,
    absent_half_days=20,
    attended_half_days=260,
    excluded_half_days=0,
    unmarked_half_days=0,
    absence_rate=0.0714,
    tiers=(Band(("green", "yellow", "orange", "red"), 14),),
    categories=(Band(("unmarked", "regular", "irregular", "moderate", "chronic"), 14),),
    weeks=(
        Week(1, date(2026, 10, 12), date(2026, 10, 18), 8, 140, 0.0571, None, None),
        Week(2, date(2026, 10, 19), date(2026, 10, 25), 0, 0, None, None, None),
    ),
    weekdays=(Weekday("Monday", 8, 140, 0.0571),),
    classes=None,
    year_levels=(Cohort(None, (1, 2, 3)),),
    patterns=(PatternCount("weekday", "Absent on one weekday.", None),),
)

NONE_SHOWN = Analysis(None, 10)
NOBODY = replace(TINY, students=0, absent_half_days=0, attended_half_days=0)
UNMARKED = replace(TINY, absent_half_days=0, attended_half_days=0, absence_rate=None, weeks=(), weekdays=(), school_days=0)
