"""A school's choices for statements and good news, and the days on which it asks for them. Pure: the clock is passed in.

The choices are a part of the school's letter policy, and off until the school has made them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from shared.attendance.calendar import SchoolCalendar, Term
from shared.clock import instant
from shared.events.data import LetterOccasion

ASKED_AT: Final = time(9)
"""On the school's clock: the rolls of the day before are marked by then."""

FIRST_WEEK: Final = 3
"""The week of a term from which on there are statements: of two or three days, a number says nothing."""

AFTER_TERM: Final = timedelta(days=3)
"""From a term's last day to the round about the whole term: time to mark what is missing."""

TERM_LETTERS_WITHIN: Final = timedelta(days=14)
"""From a term's last day to the last day of letters about the whole term."""

LATEST: Final = timedelta(days=4)
"""A round that no worker could begin in this time is left out: the next one says it all."""

OF_WHOLE_TERM: Final[frozenset[LetterOccasion]] = frozenset({"full-term"})


class GoodNewsChoice(Struct, frozen=True, omit_defaults=True):
    """`back_on_track`: school days without absence after which a family is told, None for never; `full_term`: whether a term without
    absence is told."""

    back_on_track: int | None = None
    full_term: bool = False


class StatementChoice(Struct, frozen=True, omit_defaults=True):
    """A statement to every family each fortnight, or once about the whole term. `compare`: it has the school's average beside the child's
    own number."""

    every: Literal["fortnight", "term"] = "fortnight"
    compare: bool = False


class FamilyNewsChoices(Protocol):
    """The choices of a policy for letters that are about no threshold; None for none."""

    @property
    def good_news(self) -> GoodNewsChoice | None:
        """The good news that is told."""

    @property
    def statement(self) -> StatementChoice | None:
        """The regular statement."""


def wants(choices: FamilyNewsChoices, occasion: LetterOccasion) -> bool:
    """Whether the school wants letters of this kind."""
    news = choices.good_news
    match occasion:
        case "statement":
            return choices.statement is not None
        case "back-on-track":
            return news is not None and news.back_on_track is not None
    return news is not None and news.full_term


@dataclass(frozen=True, slots=True)
class Round:
    """A day on which a school asks, about a term, and for which letters."""

    on: date
    term: str
    occasions: tuple[LetterOccasion, ...]

    def at(self, calendar: SchoolCalendar) -> datetime:
        """The moment, in UTC."""
        return instant(self.on, ASKED_AT, ZoneInfo(calendar.timezone))


def next_round(choices: FamilyNewsChoices, calendar: SchoolCalendar, now: datetime, last_on: date | None) -> Round | None:
    """The first round that is not over and comes after the last one; None where the calendar, or the choices, know of none."""
    coming = (one for term in calendar.terms for one in _rounds(choices, calendar, term))
    wanted = [one for one in coming if one.at(calendar) > now - LATEST and (last_on is None or one.on > last_on)]
    return min(wanted, key=lambda one: one.on, default=None)


def last_day_about(occasion: LetterOccasion | None, every: StatementChoice | None, term: Term | None, usual: date | None) -> date | None:
    """The last day of a letter about a term: of one about the whole term, two weeks after its end."""
    whole = occasion in OF_WHOLE_TERM or (occasion == "statement" and every is not None and every.every == "term")
    if not whole or term is None or usual is None:
        return usual
    return max(usual, term.end + TERM_LETTERS_WITHIN)


def _rounds(choices: FamilyNewsChoices, calendar: SchoolCalendar, term: Term) -> Iterator[Round]:
    fortnightly = choices.statement is not None and choices.statement.every == "fortnight"
    monday = term.start - timedelta(days=term.start.weekday())
    seen = 0
    for day in calendar.school_days(term):
        week = (day - monday) // timedelta(weeks=1) + 1
        if week == seen or week < FIRST_WEEK:
            continue
        seen = week
        occasions: list[LetterOccasion] = []
        if fortnightly and (week - FIRST_WEEK) % 2 == 0:
            occasions.append("statement")
        if wants(choices, "back-on-track"):
            occasions.append("back-on-track")
        if occasions:
            yield Round(day, term.name, tuple(occasions))
    of_term: list[LetterOccasion] = []
    if choices.statement is not None and choices.statement.every == "term":
        of_term.append("statement")
    if wants(choices, "full-term"):
        of_term.append("full-term")
    if of_term:
        yield Round(term.end + AFTER_TERM, term.name, tuple(of_term))
