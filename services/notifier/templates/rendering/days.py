"""Dates, counts and lists as a letter says them. Pure.

English has words for them. Other languages have those of the Unicode tables (CLDR, by Babel), in their own forms; a language that the
tables lack has numbers only, which its templates put among their own words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_interval, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal

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
    """`Mon 12 to Wed 14 Oct (3 days)`; `10月12日週一至14日週三 (3)`; in Samoan, which the tables lack, `12/10 – 14/10 (3)`."""
    length = (run.last - run.first).days + 1
    if language != HOUSE:
        locale = locale_of(language)
        if locale is None:
            dates = f"{_short(run.first)} – {_short(run.last)}" if length > 1 else _short(run.first)
        elif length > 1:
            dates = _interval(run.first, run.last, "MMMEd", locale)
        else:
            dates = format_skeleton("MMMEd", run.first, locale=locale)
        return f"{dates} ({number_in(length * run.half_days / 2, language)})"
    if length == 1:
        return f"{_weekday(run.first, month=True)} ({'1 day' if run.half_days == WHOLE else 'half a day'})"
    dates = f"{_weekday(run.first, month=run.first.month != run.last.month)} to {_weekday(run.last, month=True)}"
    return f"{dates} ({f'{length} days' if run.half_days == WHOLE else 'half a day each'})"


def day_in_words(day: date, language: str, *, year: bool = True) -> str:
    """`20 November 2026`; `2026年11月20日`; or `20/11/2026`."""
    if language == HOUSE:
        return f"{day.day} {day:%B} {day.year}" if year else f"{day.day} {day:%B}"
    locale = locale_of(language)
    if locale is not None:
        return format_skeleton("yMMMMd" if year else "MMMMd", day, locale=locale)
    return f"{_short(day)}/{day.year}" if year else _short(day)


def span_in_words(first: date, last: date, language: str) -> str:
    """`12 October to 18 December 2026`; `2026年10月12日至12月18日`; or `12/10 – 18/12/2026`."""
    locale = None if language == HOUSE else locale_of(language)
    if locale is not None:
        return _interval(first, last, "yMMMd", locale)
    between = "to" if language == HOUSE else "–"
    return f"{day_in_words(first, language, year=first.year != last.year)} {between} {day_in_words(last, language)}"


def number_in(number: float, language: str) -> str:
    """`5.5`, or `5,5` where that is how it is written."""
    locale = None if language == HOUSE else locale_of(language)
    return f"{number:g}" if locale is None else format_decimal(number, format="0.#", locale=locale)


def list_in(names: Sequence[str], language: str) -> str:
    """The names with the language's own commas and its word for "and"; with commas only, where the tables lack it."""
    locale = locale_of(language)
    return ", ".join(names) if locale is None else format_list(list(names), locale=locale)


@lru_cache
def locale_of(language: str) -> Locale | None:
    """The language's tables; None where there are none."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return None


def _interval(first: date, last: date, skeleton: str, locale: Locale) -> str:
    if _borrows(skeleton, locale):
        start = skeleton.removeprefix("y") if first.year == last.year else skeleton
        return f"{format_skeleton(start, first, locale=locale)} – {format_skeleton(skeleton, last, locale=locale)}"
    # Thin spaces are lost, or shown as boxes, in older mail programs.
    return format_interval(first, last, skeleton, locale=locale).replace("\u2009", " ")


@lru_cache
def _borrows(skeleton: str, locale: Locale) -> bool:
    """Whether the tables have a form of the language for one date, and for two dates only what they have for no language at all, in another
    order: so it is in te reo Māori."""
    root = Locale("root")
    same_interval = locale.interval_formats.get(skeleton) == root.interval_formats.get(skeleton)
    own = locale.datetime_skeletons.get(skeleton), root.datetime_skeletons.get(skeleton)
    return same_interval and str(own[0]) != str(own[1])


def _weekday(day: date, *, month: bool) -> str:
    return f"{day:%a} {day.day} {day:%b}" if month else f"{day:%a} {day.day}"


def _short(day: date) -> str:
    return f"{day.day}/{day.month}"
