"""The school days around a term's response activities, over the terms. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from services.thresholds.analysis.counting import HalfDays, count_school_days
from services.thresholds.analysis.effects import WINDOW, Timeline
from shared.attendance.calendar import SchoolCalendar, Term


@dataclass(frozen=True, slots=True)
class NeighbourDays:
    """The kept days of the same students in the terms before and after; None where no week reaches there."""

    before: Sequence[bytes] | None = None
    after: Sequence[bytes] | None = None


def timeline(half_days: HalfDays, term: Term, beside: NeighbourDays, calendar: SchoolCalendar, now: datetime) -> Timeline:
    """The school days of the term, and of the terms beside it as far as windows reach."""
    today = calendar.today(now)
    own = half_days.columns([calendar.open_half_days(day) > 0 and day <= today for day in half_days.days])
    days = [half_days.days[column] for column in own]
    absent, counted = [half_days.absent[:, own]], [half_days.counted[:, own]]
    before, after = terms_beside(calendar, term)
    if before is not None and beside.before is not None:
        school_days = last_days(calendar, before)
        lost, there = count_school_days(beside.before, before, school_days)
        days, absent, counted = [*school_days, *days], [lost, *absent], [there, *counted]
    if after is not None and beside.after is not None:
        school_days = first_days(calendar, after, today)
        lost, there = count_school_days(beside.after, after, school_days)
        days, absent, counted = [*days, *school_days], [*absent, lost], [*counted, there]
    ended = sum(day <= calendar.ended_through(now) for day in days)
    return Timeline(days, np.concatenate(absent, axis=1), np.concatenate(counted, axis=1), ended)


def terms_beside(calendar: SchoolCalendar, term: Term) -> tuple[Term | None, Term | None]:
    """The terms before and after a term."""
    at = calendar.terms.index(term)
    return calendar.terms[at - 1] if at else None, calendar.terms[at + 1] if at + 1 < len(calendar.terms) else None


def terms_reached(calendar: SchoolCalendar, term: Term, today: date, activities: Iterable[date]) -> tuple[Term | None, Term | None]:
    """The terms before and after that the weeks around activities of the term reach into."""
    own = list(calendar.school_days(term, until=today))
    within = [day for day in activities if day in term]
    before, after = terms_beside(calendar, term)
    early = any(sum(school_day < day for school_day in own) < WINDOW for day in within)
    late = today > term.end and any(sum(school_day > day for school_day in own) < WINDOW for day in within)
    return before if early else None, after if late else None


def last_days(calendar: SchoolCalendar, term: Term) -> list[date]:
    """The school days of a term that weeks before an activity of the next term can reach into."""
    return list(calendar.school_days(term))[-WINDOW:]


def first_days(calendar: SchoolCalendar, term: Term, today: date) -> list[date]:
    """The school days so far of a term that weeks after an activity of the term before can reach into."""
    return list(calendar.school_days(term, until=today))[:WINDOW]
