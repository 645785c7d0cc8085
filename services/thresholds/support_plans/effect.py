"""A student's absences before and since a plan was agreed, and what they can't show. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.thresholds.attendance.view import Day

WINDOW: Final = 20
"""School days on either side: four weeks, as in the analysis of a school."""

CAUTION: Final = (
    "This shows what happened, not why. Absence that was unusually high tends to fall by itself, and other things happened in the same"
    " weeks. The numbers of one student prove nothing: read them as a question to ask, not as an answer."
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """School days in a row: half days absent, of those marked as absent or attended."""

    days: int
    absent_half_days: int
    marked_half_days: int


@dataclass(frozen=True, slots=True)
class BeforeAndSince:
    """The stretch before the day, and the one since; the day itself is in neither."""

    before: Stretch
    since: Stretch


def effect(days: Sequence[Day], agreed_on: date) -> BeforeAndSince:
    """Up to four weeks before the plan was agreed, and up to four weeks since, of a term's days so far."""
    before = [day for day in days if day.day < agreed_on][-WINDOW:]
    since = [day for day in days if day.day > agreed_on][:WINDOW]
    return BeforeAndSince(_stretch(before), _stretch(since))


def sentence(shown: BeforeAndSince) -> str | None:
    """The comparison in words; None before anything is marked on either side."""
    if not shown.before.marked_half_days or not shown.since.marked_half_days:
        return None
    return f"Absent for {_in_words(shown.before)} before the plan was agreed, and for {_in_words(shown.since)} since."


def _in_words(stretch: Stretch) -> str:
    return f"{stretch.absent_half_days / 2:g} of {stretch.marked_half_days / 2:g} days"


def _stretch(days: Sequence[Day]) -> Stretch:
    absent = sum(day.count.absent for day in days)
    return Stretch(len(days), absent, absent + sum(day.count.attended for day in days))
