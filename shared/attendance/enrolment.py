"""When a student belongs to a school: the stays on its roll, and the sessions of the week that they attend. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

from shared.attendance.timetable import NOT_ON_ROLL, Opening, Session, attended

Weekday = Literal["mon", "tue", "wed", "thu", "fri"]
WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)

Attends = Mapping[Weekday, Sequence[Session]]
"""The sessions that a student attends by weekday (`WEEKDAYS`); a weekday that is not there has none."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay on the roll, both days included; None where a side is open."""

    first: date | None
    last: date | None

    def __contains__(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A student's dates as the school's system has them, the stays before the present one, and the sessions attended (None: all).

    A start after the leaving date beats it: the student has come back.
    """

    starts_on: date | None = None
    leaves_on: date | None = None
    earlier: tuple[Stay, ...] = ()
    attends: tuple[tuple[Session, ...], ...] | None = None

    @property
    def stays(self) -> tuple[Stay, ...]:
        """All stays, in order."""
        if self.starts_on is None or self.leaves_on is None or self.starts_on <= self.leaves_on:
            return (*self.earlier, Stay(self.starts_on, self.leaves_on))
        before = () if any(stay.last == self.leaves_on for stay in self.earlier) else (Stay(None, self.leaves_on),)
        return (*self.earlier, *before, Stay(self.starts_on, None))

    def on_roll(self, day: date) -> bool:
        """Whether the student is on the roll on a day."""
        return any(day in stay for stay in self.stays)

    def opening(self, day: date, opening: Opening) -> Opening:
        """The part of a day's opening that is open for the student."""
        if not self.on_roll(day):
            return NOT_ON_ROLL
        if self.attends is None or day.weekday() >= len(WEEKDAYS):
            return opening
        return attended(opening, self.attends[day.weekday()])

    def is_whole(self, first: date, last: date) -> bool:
        """Whether it changes nothing from one day to another: on the roll throughout, and all sessions attended."""
        return self.attends is None and any(first in stay and last in stay for stay in self.stays)

    def changed(self, starts_on: date | None, leaves_on: date | None, attends: Attends | None) -> "Enrolment":
        """The enrolment after the school's system sent other dates. A stay that ended before the new start is kept."""
        earlier = self.earlier
        if starts_on is None:
            earlier = ()
        elif starts_on != self.starts_on and self.leaves_on is not None and (self.starts_on or date.min) <= self.leaves_on < starts_on:
            earlier = (*earlier, Stay(self.starts_on, self.leaves_on))
        earlier = tuple(stay for stay in earlier if starts_on is not None and stay.last is not None and stay.last < starts_on)
        return Enrolment(starts_on, leaves_on, earlier, week_of(attends))

    def left(self, day: date) -> "Enrolment":
        """The enrolment of a student who was taken off the roll on a day, without a leaving date or with one still to come."""
        stays = [stay for stay in self.stays if stay.first is None or stay.first <= day]
        if not stays:
            return self
        last = stays[-1]
        if last.last is not None and last.last <= day:
            return self
        return Enrolment(last.first, day, tuple(stays[:-1]), self.attends)


ALWAYS: Final = Enrolment()


def week_of(attends: Attends | None) -> tuple[tuple[Session, ...], ...] | None:
    """The sessions attended from Monday to Friday; None for all."""
    if attends is None:
        return None
    week = tuple(tuple(sorted(set(attends.get(weekday, ())))) for weekday in WEEKDAYS)
    return None if all(len(sessions) == 2 for sessions in week) else week
