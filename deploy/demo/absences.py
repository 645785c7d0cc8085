"""The absences of the made-up students and their reasons: each student's whole term. Pure, and the same for the same term.

A plan covers the whole term at once, so that a later run plays the days that have come since, and nothing behind them changes.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import cycle
from typing import Final, Literal

from deploy.demo.school import SEED, Student
from shared.attendance.calendar import SchoolCalendar, Term

Session = Literal["AM", "PM"]
Kind = Literal["steady", "flu", "holiday", "overseas", "long-illness", "truant", "away-often", "camp", "camp-after-holiday", "elsewhere"]

KINDS: Final[tuple[tuple[Kind, int], ...]] = (
    ("away-often", 10),
    ("long-illness", 6),
    ("overseas", 3),
    ("truant", 16),
    ("holiday", 9),
    ("flu", 36),
    ("camp", 9),
    ("camp-after-holiday", 3),
    ("elsewhere", 4),
)
"""How many students of each kind; the rest are steady."""

UNKNOWN: Final = "?"
CAMP_WEEK: Final = 2
CAMP_WEEKDAYS: Final = (1, 2, 3)
"""Tuesday to Thursday of the third week: marked as unknown by those who did not have the list of the camp."""


@dataclass(frozen=True, slots=True)
class HalfDay:
    """A half day on which the school is open."""

    day: date
    session: Session
    week: int


@dataclass(frozen=True, slots=True)
class Note:
    """The code marked at the roll call, and the code after the reason is known."""

    first: str
    final: str

    @property
    def at_camp(self) -> bool:
        """Whether it was a mistake about the camp, which the office mends long after."""
        return self.first == UNKNOWN and self.final == "Q"


Plan = dict[HalfDay, Note]
"""A student's half days that are anything but simply present."""


def open_half_days(calendar: SchoolCalendar, term: Term) -> list[HalfDay]:
    """The half days of the term on which the school is open, in order."""
    return [
        HalfDay(day, session, (day - term.start).days // 7)
        for day in calendar.school_days(term)
        for session in (("AM", "PM") if calendar.open_half_days(day) == 2 else ("AM",))
    ]


def plans(everybody: Sequence[Student], calendar: SchoolCalendar, term: Term) -> dict[str, Plan]:
    """Each student's plan for the term, by key."""
    half_days = open_half_days(calendar, term)
    kinds = _kinds(everybody)
    return {student.key: _plan(student, kinds[student.key], half_days, _seeded(f"{term.name}/{student.key}")) for student in everybody}


def _kinds(everybody: Sequence[Student]) -> dict[str, Kind]:
    drawn = _seeded("kinds").sample([student.key for student in everybody], sum(count for _, count in KINDS))
    keys = iter(drawn)
    special: dict[str, Kind] = {next(keys): kind for kind, count in KINDS for _ in range(count)}
    return {student.key: special.get(student.key, "steady") for student in everybody}


def _plan(student: Student, kind: Kind, half_days: Sequence[HalfDay], rng: random.Random) -> Plan:
    plan: Plan = {}
    for half_day, note in (*_away(kind, half_days, rng), *_in_class(student, half_days, rng)):
        plan.setdefault(half_day, note)
    return plan


def _away(kind: Kind, half_days: Sequence[HalfDay], rng: random.Random) -> Iterator[tuple[HalfDay, Note]]:
    """The absences that make a kind. Notes that come first stand."""
    match kind:
        case "away-often":
            rate = rng.uniform(0.5, 0.7)
            yield from _spell(half_days, _start(half_days, rng, 1, 3), 6, "U", rng) if rng.random() < 0.2 else ()
            yield from _skipped(half_days, rng, whole_day=rate, afternoon=0.12)
        case "truant":
            rate = rng.uniform(0.1, 0.28)
            yield from _skipped(half_days, rng, whole_day=rate * 0.5, afternoon=rate * 1.2)
        case "long-illness":
            yield from _spell(half_days, _start(half_days, rng, 0, 2), rng.randint(21, 27), "M", rng)
        case "overseas":
            yield from _spell(half_days, _start(half_days, rng, 0, 2), rng.randint(20, 24), "O", rng)
        case "holiday":
            yield from _spell(half_days, _start(half_days, rng, 1, 3), rng.randint(10, 17), "G", rng)
        case "flu":
            yield from _spell(half_days, _start(half_days, rng, 1, 3), rng.randint(10, 13), "M", rng)
        case "camp":
            yield from _spell(half_days, _start(half_days, rng, 0, 1), rng.randint(6, 7), "M", rng)
            yield from _camp(half_days)
        case "camp-after-holiday":
            yield from _camp(half_days)
            yield from _spell(
                half_days, next(place for place, half_day in enumerate(half_days) if half_day.week == CAMP_WEEK + 1), 17, "G", rng
            )
        case "elsewhere":
            yield from ((half_day, Note("A", "A")) for half_day in half_days if half_day.day.weekday() == 4)
            yield from _short_illnesses(half_days, rng)
        case "steady":
            yield from _short_illnesses(half_days, rng)


def _start(half_days: Sequence[HalfDay], rng: random.Random, first_week: int, end_week: int) -> int:
    """The place of a half day from the first week on and before the other one."""
    return rng.choice([place for place, half_day in enumerate(half_days) if first_week <= half_day.week < end_week])


def _spell(half_days: Sequence[HalfDay], start: int, length: int, code: str, rng: random.Random) -> Iterator[tuple[HalfDay, Note]]:
    """Away for a while. Illness is often unknown on the first morning, until somebody rings."""
    unknown = code in {"M", "J", "E"} and rng.random() < 0.4
    for place, half_day in enumerate(half_days[start : start + length]):
        yield half_day, Note(UNKNOWN if unknown and place < 2 else code, code)


def _short_illnesses(half_days: Sequence[HalfDay], rng: random.Random) -> Iterator[tuple[HalfDay, Note]]:
    for _ in range(rng.choices((0, 1, 2, 3), (36, 36, 20, 8))[0]):
        code = rng.choices(("M", "J", "E", "D"), (78, 10, 6, 6))[0]
        yield from _spell(half_days, rng.randrange(len(half_days)), rng.choice((1, 2, 2, 2, 3, 4)), code, rng)


def _skipped(half_days: Sequence[HalfDay], rng: random.Random, *, whole_day: float, afternoon: float) -> Iterator[tuple[HalfDay, Note]]:
    finals = cycle(rng.sample(("T", "T", UNKNOWN, "E"), 4))
    away, final = False, UNKNOWN
    for half_day in half_days:
        if half_day.session == "AM":
            away, final = rng.random() < whole_day, next(finals)
        if away or (half_day.session == "PM" and rng.random() < afternoon):
            yield half_day, Note(UNKNOWN, final)


def _camp(half_days: Sequence[HalfDay]) -> Iterator[tuple[HalfDay, Note]]:
    for half_day in half_days:
        if half_day.week == CAMP_WEEK and half_day.day.weekday() in CAMP_WEEKDAYS:
            yield half_day, Note(UNKNOWN, "Q")


def _in_class(student: Student, half_days: Sequence[HalfDay], rng: random.Random) -> Iterator[tuple[HalfDay, Note]]:
    """Codes of those who are there, and exam leave. A few are taken for absent and found in another room."""
    outing_week = int(student.form[:-1]) % 5
    for half_day in half_days:
        chance = rng.random()
        if student.year_level >= 12 and (half_day.week, half_day.day.weekday()) == (4, 3) and chance < 0.4:
            yield half_day, Note("X", "X")
        elif (half_day.week, half_day.day.weekday()) == (outing_week, 3):
            yield half_day, Note("Q", "Q")
        elif chance < 0.02 and half_day.session == "AM":
            yield half_day, Note("L", "L")
        elif chance < 0.024:
            yield half_day, Note(UNKNOWN, "L")
        elif chance < 0.032:
            code = rng.choice("DI")
            yield half_day, Note(code, code)


def _seeded(what: str) -> random.Random:
    return random.Random(f"{SEED}/{what}")  # noqa: S311 - the same every time is what is wanted
