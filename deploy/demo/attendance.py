"""The term as it is recorded: each class's roll, morning and afternoon, and what is corrected afterwards. Pure: the clock is given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from deploy.demo.absences import CAMP_WEEK, HalfDay, Note, Plan, Session, open_half_days, plans
from deploy.demo.school import CLASSES, Student
from shared.attendance.calendar import SchoolCalendar, Term

ROLL_CALLS: Final[dict[Session, time]] = {"AM": time(9, 5), "PM": time(13, 10)}
CALLED_WITHIN: Final = timedelta(minutes=10)
"""Until all classes have sent their roll."""

PHONE_CALLS: Final = time(10, 30)
CAMP_LIST: Final = time(11)
PRESENT: Final = "P"
ABSENT: Final = frozenset("MJUOEGT?")


@dataclass(frozen=True, slots=True)
class Mark:
    """One student's mark of one half day."""

    student: str
    day: date
    session: Session
    code: str
    recorded_at: datetime

    def as_json(self) -> dict[str, Any]:
        """As the API takes it."""
        return {
            "student": self.student,
            "date": self.day.isoformat(),
            "session": self.session,
            "code": self.code,
            "recorded_at": self.recorded_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Correction:
    """A mark that replaces an earlier one."""

    before: Mark
    after: Mark
    at_camp: bool


@dataclass(frozen=True, slots=True)
class RollCall:
    """One half day's rolls: the marks of each class."""

    half_day: HalfDay
    classes: dict[str, list[Mark]]

    @property
    def key(self) -> str:
        """Its name in the diary, like `2026-11-20 PM`; later ones are greater."""
        return f"{self.half_day.day} {self.half_day.session}"

    @property
    def marks(self) -> list[Mark]:
        """All of them, class by class."""
        return [mark for marks in self.classes.values() for mark in marks]


@dataclass(frozen=True)
class Attendance:
    """A term of the whole school."""

    everybody: Sequence[Student]
    calendar: SchoolCalendar
    term: Term
    _plans: dict[str, Plan] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_plans", plans(self.everybody, self.calendar, self.term))

    def roll_calls(self, now: datetime) -> Iterator[RollCall]:
        """Those over by now, in order."""
        for half_day in open_half_days(self.calendar, self.term):
            if self._at(half_day.day, ROLL_CALLS[half_day.session]) + CALLED_WITHIN > now:
                return
            classes: dict[str, list[Mark]] = {}
            for student in self.everybody:
                note = self._plans[student.key].get(half_day)
                code = note.first if note else PRESENT
                classes.setdefault(student.form, []).append(self._called(student, half_day, code))
            yield RollCall(half_day, classes)

    def corrections(self, now: datetime) -> list[Correction]:
        """Those made by now. The list of the camp comes last, so that what it undoes has happened before."""
        made = [
            Correction(
                before=self._called(student, half_day, note.first),
                after=Mark(student.key, half_day.day, half_day.session, note.final, self._corrected_at(half_day, note)),
                at_camp=note.at_camp,
            )
            for student in self.everybody
            for half_day, note in self._plans[student.key].items()
            if note.first != note.final
        ]
        due = [correction for correction in made if correction.after.recorded_at <= now]
        return sorted(due, key=lambda correction: (correction.at_camp, correction.after.recorded_at, correction.after.student))

    def _called(self, student: Student, half_day: HalfDay, code: str) -> Mark:
        called_at = self._at(half_day.day, ROLL_CALLS[half_day.session]) + CLASSES.index(student.form) * timedelta(seconds=25)
        return Mark(student.key, half_day.day, half_day.session, code, called_at)

    def _corrected_at(self, half_day: HalfDay, note: Note) -> datetime:
        """On the next school day, when families have rung or were rung; for the camp, when its list has come."""
        if note.at_camp:
            return self._at(self.term.start + timedelta(weeks=CAMP_WEEK + 1, days=4), CAMP_LIST)
        after = half_day.day + timedelta(days=1)
        while not self.calendar.open_half_days(after):
            after += timedelta(days=1)
        return self._at(after, PHONE_CALLS)

    def _at(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, ZoneInfo(self.calendar.timezone))


def absent_half_days(marks: Sequence[Mark]) -> dict[str, int]:
    """How many half days each student is absent by these marks, the latest of each half day counting: the school's own count."""
    latest: dict[tuple[str, date, Session], Mark] = {}
    for mark in marks:
        place = (mark.student, mark.day, mark.session)
        if place not in latest or latest[place].recorded_at < mark.recorded_at:
            latest[place] = mark
    counts = {mark.student: 0 for mark in marks}
    for mark in latest.values():
        counts[mark.student] += mark.code in ABSENT
    return counts
