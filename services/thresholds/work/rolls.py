"""Rolls that nobody marked: half days on which no student of a group has a mark. Pure: the clock is passed in.

A school whose system sends absences only has half days without a mark every day, and they say nothing: where less than half of what was
to be marked is marked, no roll is called unmarked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from services.thresholds.analysis.counting import Enrolments
from services.thresholds.analysis.grid import decode, shapes_of
from services.thresholds.register import packed_row
from services.thresholds.register.half_days import day_marks, known
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import BOTH, Opening, Session, sessions_of

LOOK_BACK: Final = 10
"""School days that are looked at: two weeks. An older gap is a matter of the data-quality report."""

FEWEST: Final = 2
"""Students of a group who must have been expected: one alone is a student without marks, not a roll."""

MOSTLY: Final = 0.5
"""The share of half days with a mark from which on a school sends whole rolls."""

MORNING_OVER: Final = time(12)

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class UnmarkedRoll:
    """Half days in order on which nobody of a group was marked; `group` None: nobody of the school. `lasts`: nobody was since the first."""

    group: str | None
    halves: tuple[tuple[date, Session], ...]
    lasts: bool


def first_day(term: Term, calendar: SchoolCalendar, now: datetime) -> date | None:
    """The first of the days that are looked at; None before the term's first school day."""
    return next(iter(_days(term, calendar, now)), None)


def unmarked_rolls(
    groups: Mapping[str, Sequence[str]],
    marks: Mapping[str, bytes],
    term: Term,
    calendar: SchoolCalendar,
    codes: CodeTable,
    now: datetime,
    enrolments: Enrolments = (),
    *,
    whole_school: bool = True,
) -> list[UnmarkedRoll]:
    """The unmarked rolls of the last school days. `groups` has the groups of each student on the roll, and `enrolments` theirs, in the
    same order. Unless they are the `whole_school`, nothing is said about the school."""
    days = _days(term, calendar, now)
    halves = [(day, session) for day in days for session in BOTH]
    over = np.asarray([_is_over(day, session, calendar, now) for day, session in halves], dtype=np.bool_)
    if not over.any() or not groups:
        return []
    expected, marked = _table(
        [packed_row.since(marks.get(student, b""), days[0]) for student in groups], term, days, calendar, codes, enrolments
    )
    expected &= over
    marked &= expected
    kept = marked.any(axis=0)
    if not kept.any() or marked[:, kept].sum() < MOSTLY * expected[:, kept].sum():
        return []
    of_school = expected.sum(axis=0) >= FEWEST
    of_nobody = of_school & ~kept & whole_school
    found = [_roll(None, halves, of_nobody, of_school)]
    members: dict[str, list[int]] = {}
    for place, own in enumerate(groups.values()):
        for group in own:
            members.setdefault(group, []).append(place)
    for group, places in sorted(members.items()):
        of_group = (expected[places].sum(axis=0) >= FEWEST) & ~of_nobody
        found.append(_roll(group, halves, of_group & ~marked[places].any(axis=0), of_group))
    return [roll for roll in found if roll.halves]


def _days(term: Term, calendar: SchoolCalendar, now: datetime) -> list[date]:
    return list(calendar.school_days(term, until=calendar.today(now)))[-LOOK_BACK:]


def _roll(group: str | None, halves: Sequence[tuple[date, Session]], missing: Bools, expected: Bools) -> UnmarkedRoll:
    places = np.flatnonzero(missing).tolist()
    lasts = bool(places) and not (expected & ~missing)[places[0] :].any()
    return UnmarkedRoll(group, tuple(halves[place] for place in places), lasts)


def _is_over(day: date, session: Session, calendar: SchoolCalendar, now: datetime) -> bool:
    if day <= calendar.ended_through(now):
        return True
    return session == "AM" and day == calendar.today(now) and now.astimezone(ZoneInfo(calendar.timezone)).time() >= MORNING_OVER


def _table(
    rows: Sequence[bytes], term: Term, days: Sequence[date], calendar: SchoolCalendar, codes: CodeTable, enrolments: Enrolments
) -> tuple[Bools, Bools]:
    """Students by half days: where a mark is expected, and where there is one."""
    shapes, shape_of = shapes_of(days, calendar, term, enrolments)
    grid = decode(rows, term, days, marked_days=False)
    flags = np.zeros(grid.kinds.shape, dtype=np.bool_)
    answers, which = grid.each(shape_of, flags, lambda kind, shape, _: _of_day(grid.values[kind], shapes[shape], codes))
    table = np.asarray(answers, dtype=np.bool_)[which]
    return table[:, :, 0].reshape(len(rows), -1), table[:, :, 1].reshape(len(rows), -1)


def _of_day(values: tuple[int, ...], opening: Opening, codes: CodeTable) -> tuple[tuple[bool, bool], tuple[bool, bool]]:
    """Whether the morning and the afternoon are expected to be marked, and whether they are."""
    marks = known(day_marks(values), codes)
    opening = opening.marked(marks.sessions, marks.slots)
    if opening.closed is not None:
        return (False, False), (False, False)
    placed = sessions_of(opening.slots)
    of_slots = {placed.get(slot) for slot in marks.slots}
    whole = marks.vendor is not None or marks.elsewhere is not None or None in of_slots
    morning, afternoon = (whole or session in marks.sessions or session in of_slots for session in BOTH)
    return ("AM" in opening.sessions, "PM" in opening.sessions), (morning, afternoon)
