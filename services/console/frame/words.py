"""Words for what the APIs answer: dates on the school's clock, days, tiers, names of things. Pure."""

import re
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale

from shared.attendance.tiers import MEANING

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

ENGLISH: Final = Locale("en")
_DATE: Final = re.compile(r"\b\d{4}-[01]\d-[0-3]\d\b")
_TERM: Final = re.compile(r"\b(\d{4})-T(\d)\b")

STATUS: Final = {"open": "Open", "closed": "Closed", "withdrawn": "Taken back"}
OUTCOME: Final = {
    "attendance-improved": "Attendance improved",
    "barriers-resolved": "What stood in the way is resolved",
    "referred": "Referred to others",
    "moved-away": "Moved away",
    "no-change": "No change",
    "other": "Other",
}


def day(value: date | str | None) -> str:
    """A day: "Tue 17 Nov"."""
    if value is None:
        return "–"
    read = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{WEEKDAYS[read.weekday()]} {read.day} {MONTHS[read.month - 1]}"


def full_day(value: date | str | None) -> str:
    """A day of any year: "1 Dec 2028"."""
    if value is None:
        return "–"
    read = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{read.day} {MONTHS[read.month - 1]} {read.year}"


def moment(value: datetime | str | None, zone: ZoneInfo) -> str:
    """A moment on the school's clock: "Tue 17 Nov 7:30"."""
    if value is None:
        return "–"
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    local = read.astimezone(zone)
    return f"{day(local.date())} {local.hour}:{local.minute:02}"


OCCASIONS: Final = {"statement": "statement", "back-on-track": "back on track", "full-term": "term without absence"}
"""The occasions of letters that are about no step."""


def letter_kind(value: float | str | None) -> str:
    """A letter's step, or its occasion: "5 days", "back on track"."""
    return OCCASIONS.get(value, value) if isinstance(value, str) else days(value)


def days(value: float | None) -> str:
    """An amount of days: "1 day", "11.5 days"."""
    if value is None:
        return "–"
    return f"{value:g} day" if value == 1 else f"{value:g} days"


def capitalize_first(value: str) -> str:
    """A sentence's beginning: its first letter large, and nothing else changed."""
    return value[:1].upper() + value[1:]


def language(tag: str) -> str:
    """A language in English, with the tag that systems send for it: "Samoan (sm)", "Chinese, Traditional (zh-Hant)"."""
    first, *rest = tag.split("-")
    name = ENGLISH.languages.get(first.lower())
    if name is None:
        return tag
    beside = [ENGLISH.scripts.get(part.title()) or ENGLISH.territories.get(part.upper()) or part for part in rest]
    return f"{', '.join([name, *beside])} ({tag})"


def dated(text: str) -> str:
    """A service's sentence with its dates and terms as people write them: "from 1 Dec 2026", "Term 4, 2026"."""
    return _TERM.sub(r"Term \2, \1", _DATE.sub(lambda found: full_day(found[0]), text))


def lower_first(value: str) -> str:
    """The same in the middle of a sentence: its first letter small, and nothing else changed."""
    return value[:1].lower() + value[1:]


def tier(value: str) -> str:
    """A tier's name: "Orange"."""
    return value.capitalize()


def tier_meaning(value: str) -> str:
    """A tier's meaning: "Concerning"."""
    meaning: str = MEANING[value]  # type: ignore[index]
    return meaning


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: "1 student", "7 students"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def percent(value: float | None) -> str:
    """A rate between 0 and 1: "87.5 %"."""
    return "–" if value is None else f"{100 * value:.1f} %"


def rate(value: float | None) -> str:
    """A rate in a list, where its tenths would only be noise: "87 %", never 100 for less."""
    return "–" if value is None else f"{int(100 * value + 1e-9)} %"


def status(value: str) -> str:
    """A record's status in words."""
    return STATUS.get(value, value)


def outcome(value: str | None) -> str:
    """A record's outcome in words."""
    return "–" if value is None else OUTCOME.get(value, value.replace("-", " ").capitalize())


def form_class(student: dict[str, Any]) -> str:
    """A student's year and groups: "Year 10, 10A"."""
    year = student.get("year_level")
    return ", ".join([*([f"Year {year}"] if year is not None else []), *student.get("groups", [])]) or "–"


def form_only(student: dict[str, Any]) -> str:
    """A student's groups, for a list where room is short: "10A"; the year where there is no group."""
    return ", ".join(student.get("groups", [])) or form_class(student)


def named(student: dict[str, Any]) -> str:
    """A student's name; the number where the school has sent no name."""
    return student.get("name") or f"Student {student['student']}"


def subject(value: str) -> str:
    """A person's name in a log, as staff know them."""
    return value
