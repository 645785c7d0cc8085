"""The days of rows as people look at them: each half of a day, and the causes of its absences. Pure.

A school has few different days, so a reader counts each of them once, by the rules that count all others (`half_days`, `attribution`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from services.thresholds.register.attribution import Attribution, Cause, attribute, by_half
from services.thresholds.register.half_days import DayCount, DayMarks, count_day, day_marks
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import BOTH, Opening, Session

HalfState = Literal["absent", "present", "excluded", "unmarked", "closed"]


Weights = Mapping[Session, Mapping[Cause, int]]
"""The absent minutes, or sessions, of each cause in the halves of a day."""


class Half(NamedTuple):
    """A half of a day, and the code that made it so, where one did."""

    state: HalfState
    code: str | None = None


SHUT: Final = (Half("closed"), Half("closed"))


@dataclass(frozen=True, slots=True)
class ReadDay:
    """A day: its half days, what they belong to, and its morning and afternoon."""

    count: DayCount
    attribution: Attribution
    halves: tuple[Half, Half]


class DayReader:
    """Reads days by one table of codes."""

    def __init__(self, codes: CodeTable) -> None:
        self._codes = codes
        self._read: dict[tuple[tuple[int, ...], Opening, bool, bool], ReadDay] = {}

    def read(self, values: tuple[int, ...], opening: Opening, *, blanks_count: bool, carried_counts: bool) -> ReadDay:
        """The day of these values (`packed_row.values_of_day`); the other parameters are those of `count_day`."""
        key = (values, opening, blanks_count, carried_counts)
        read = self._read.get(key)
        if read is None:
            marks = day_marks(values)
            count = count_day(marks, opening, self._codes, blanks_count=blanks_count, carried_counts=carried_counts)
            attribution = attribute(marks, count, self._codes)
            read = self._read[key] = ReadDay(count, attribution, halves_of(marks, count, attribution, self._codes))
        return read


def halves_of(marks: DayMarks, count: DayCount, attribution: Attribution, codes: CodeTable) -> tuple[Half, Half]:
    """The morning and the afternoon of a day. The absent ones are as many as its absent half days.

    Where the marks do not tell which half was missed (a system's own count, a period in the very middle), it is the morning.
    """
    if count.rule == "carried":
        sessions: tuple[Session, ...] = BOTH[: count.absent + count.attended]
    else:
        sessions = count.opening.sessions if count.opening.half_days else ()
    weights = by_half(marks, count, codes) if count.absent and count.rule != "carried" else {}
    absent = _missed(count, attribution, sessions, weights)
    states: dict[Session, HalfState] = dict.fromkeys(absent, "absent")
    rest = [session for session in sessions if session not in absent]
    if count.rule == "sessions":
        states |= {session: _by_mark(marks.sessions.get(session), codes) for session in rest}
    else:
        numbers: tuple[tuple[HalfState, int], ...] = (
            ("present", count.attended),
            ("excluded", count.excluded),
            ("unmarked", count.unmarked),
        )
        states |= dict(zip(rest, (state for state, number in numbers for _ in range(number)), strict=False))
    reasons = _codes_of(attribution, absent, weights)
    morning, afternoon = (
        Half(states.get(session, "closed"), reasons.get(session) or (marks.sessions.get(session) if session in sessions else None))
        for session in BOTH
    )
    return morning, afternoon


def _missed(count: DayCount, attribution: Attribution, sessions: Sequence[Session], weights: Weights) -> Sequence[Session]:
    if count.absent == 0 or count.absent >= len(sessions):
        return sessions[: count.absent]
    if attribution.part is not None:
        part: Session = "AM" if attribution.part == "morning" else "PM"
        return (part if part in sessions else sessions[0],)
    # The half in which more was missed, blanks among it; the morning where the marks do not tell.
    return (max(sessions, key=lambda half: sum(weights.get(half, {}).values())) if count.blanks_counted else sessions[0],)


def _by_mark(code: str | None, codes: CodeTable) -> HalfState:
    if code is None or code not in codes:
        return "unmarked"
    return "excluded" if codes.class_of(code) == "excluded" else "present"


def _codes_of(attribution: Attribution, absent: Sequence[Session], weights: Weights) -> dict[Session, str]:
    """The code of each absent half; none where no code made it. Two causes lie in the halves in which they weigh more."""
    causes = [cause for cause, half_days in attribution.causes for _ in range(half_days)]
    if len(causes) == len(absent) == len(BOTH) and _fit(absent, causes[::-1], weights) > _fit(absent, causes, weights):
        causes.reverse()
    return {session: cause.code for session, cause in zip(absent, causes, strict=False) if len(cause.code) == 1}


def _fit(sessions: Sequence[Session], causes: Sequence[Cause], weights: Weights) -> int:
    return sum(weights.get(session, {}).get(cause, 0) for session, cause in zip(sessions, causes, strict=True))
