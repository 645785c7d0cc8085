"""Dates and counts as a letter says them. Pure.

English has words for them; in every other language there are numbers only, which its templates put among their own words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from services.notifier.templates.languages import HOUSE
from shared.events.data import AbsentDay

WHOLE: Final = 2


@dataclass(frozen=True, slots=True)
class Run:
    """School days one after another within a week, on each of which the student was away for as long."""

    first: date
    last: date
    half_days: int


def runs(days: Sequence[AbsentDay]) -> tuple[Run, ...]:
    """The days in order, those that follow each other together. A weekend parts them: nobody should have to count around it."""
    found: list[Run] = []
    for day in sorted(days, key=lambda day: day.date):
        before = found[-1] if found else None
        if before is not None and before.half_days == day.half_days and before.last + timedelta(days=1) == day.date:
            found[-1] = Run(before.first, day.date, day.half_days)
        else:
            found.append(Run(day.date, day.date, day.half_days))
    return tuple(found)


def run_in_words(run: Run, language: str) -> str:
    """`Monday 12 to Wednesday 14 October (3 days)`; in other languages than English `12/10 – 14/10 (3)`."""
    length = (run.last - run.first).days + 1
    if language != HOUSE:
        dates = f"{_short(run.first)} – {_short(run.last)}" if length > 1 else _short(run.first)
        return f"{dates} ({length * run.half_days / 2:g})"
    if length == 1:
        return f"{_weekday(run.first, month=True)} ({'1 day' if run.half_days == WHOLE else 'half a day'})"
    dates = f"{_weekday(run.first, month=run.first.month != run.last.month)} to {_weekday(run.last, month=True)}"
    return f"{dates} ({f'{length} days' if run.half_days == WHOLE else 'half a day each'})"


def day_in_words(day: date, language: str, *, year: bool = True) -> str:
    """`20 November 2026`, or `20/11/2026`."""
    if language != HOUSE:
        return f"{_short(day)}/{day.year}" if year else _short(day)
    return f"{day.day} {day:%B} {day.year}" if year else f"{day.day} {day:%B}"


def span_in_words(first: date, last: date, language: str) -> str:
    """`12 October to 18 December 2026`, or `12/10 – 18/12/2026`."""
    between = "to" if language == HOUSE else "–"
    return f"{day_in_words(first, language, year=first.year != last.year)} {between} {day_in_words(last, language)}"


def _weekday(day: date, *, month: bool) -> str:
    return f"{day:%A} {day.day} {day:%B}" if month else f"{day:%A} {day.day}"


def _short(day: date) -> str:
    return f"{day.day}/{day.month}"
