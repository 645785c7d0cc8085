"""Letters in words: the house's own templates, filled with what a family may read. Pure, but for reading the templates once.

A school's own wording will come from the database through the same sandbox; here are the letters of schools that have none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from textwrap import fill
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from services.notifier.words import days_in_words, in_words, one_line
from shared.attendance.tiers import Threshold
from shared.events.data import TermDates

LANGUAGE: Final = "en"
LINE: Final = 72
HOME: Final = ZoneInfo("Pacific/Auckland")


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a letter can speak of: no student number, no address, no other household."""

    child: str
    names: Sequence[str]
    absent_half_days: int
    counted_at: datetime
    term: str
    dates: TermDates | None
    school: str
    contact_email: str | None
    timezone: str


@dataclass(frozen=True, slots=True)
class Written:
    """A letter in words."""

    subject: str
    text: str
    html: str


class Letters:
    """Writes letters from the templates that come with the service."""

    def __init__(self) -> None:
        self._environment = SandboxedEnvironment(
            loader=PackageLoader("services.notifier", f"templates/{LANGUAGE}"),
            autoescape=lambda name: name is not None and name.endswith(".html"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def write(self, threshold: Threshold, occasion: Occasion) -> Written:
        """The letter of a threshold. Raises jinja2.TemplateError for a template that asks for what there is not."""
        values = _values(occasion)
        return Written(
            subject=one_line(self._render(f"letter-{threshold}.subject.txt", values)),
            text=_wrapped(self._render(f"letter-{threshold}.txt", values)),
            html=self._render(f"letter-{threshold}.html", values),
        )

    def _render(self, name: str, values: dict[str, object]) -> str:
        return self._environment.get_template(name).render(values)


def _values(occasion: Occasion) -> dict[str, object]:
    dates = occasion.dates
    return {
        "child": one_line(occasion.child),
        "greeting": in_words([one_line(name) for name in occasion.names]),
        "days": days_in_words(occasion.absent_half_days),
        "term": f"Term {occasion.term[-1]}",
        "dates": f"{_day(dates.start, year=dates.start.year != dates.end.year)} to {_day(dates.end)}" if dates is not None else None,
        "counted_on": _day(occasion.counted_at.astimezone(_zone(occasion.timezone)).date()),
        "school": one_line(occasion.school),
        "contact_email": occasion.contact_email,
    }


def _day(day: date, *, year: bool = True) -> str:
    return f"{day.day} {day:%B} {day.year}" if year else f"{day.day} {day:%B}"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return HOME


def _wrapped(text: str) -> str:
    lines = []
    for line in text.strip().splitlines():
        indent = "  " if line.startswith("- ") else ""
        lines.append(fill(line, LINE, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False))
    return "\n".join(lines) + "\n"
