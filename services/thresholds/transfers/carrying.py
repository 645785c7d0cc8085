"""From a term at one school to marks at the next, day by day. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.thresholds.attendance.view import Attendance, Day, marks_of
from services.thresholds.register.attribution import attribute
from services.thresholds.register.half_days import DayMarks
from services.thresholds.transfers.document import TransferDocument, TransferredDay
from shared.attendance.calendar import Term
from shared.attendance.codes import CodeTable
from shared.events.data import Mark


@dataclass(frozen=True, slots=True)
class Fit:
    """The days of a document that lie in a term of the school that takes it in, and those that lie in none."""

    days: tuple[TransferredDay, ...]
    outside: tuple[date, ...]


def days_of(view: Attendance, school: str, carried_from: dict[date, str], codes: CodeTable) -> list[TransferredDay]:
    """Every day that counts, by class. `carried_from`: the school that counted a day which the student had brought here before."""
    days = []
    for day in view.days:
        marks = marks_of(day)
        if day.count.rule == "carried" and (count := marks.carried) is not None:
            days.append(
                TransferredDay(
                    date=day.day,
                    school=carried_from.get(day.day, school),
                    unjustified=count.unjustified,
                    justified=count.justified,
                    present=count.present,
                )
            )
        elif day.count.absent or day.count.attended:
            justified = _justified(day, marks, codes)
            days.append(
                TransferredDay(
                    date=day.day,
                    school=school,
                    unjustified=day.count.absent - justified,
                    justified=justified,
                    present=day.count.attended,
                )
            )
    return days


def _justified(day: Day, marks: DayMarks, codes: CodeTable) -> int:
    causes = attribute(marks, day.count, codes).causes
    return sum(half_days for cause, half_days in causes if cause.absence_class == "justified")


def fit(document: TransferDocument, term: Term, last: date) -> Fit:
    """Sorts the days by whether they lie in the term, up to `last`."""
    inside = tuple(day for day in document.days if day.date in term and day.date <= last)
    outside = tuple(day.date for day in document.days if not (day.date in term and day.date <= last))
    return Fit(inside, outside)


def marks_for(student: str, days: Iterable[TransferredDay], dropped: Sequence[date], now: datetime) -> list[Mark]:
    """Marks that carry the days into the register, and take back the `dropped` ones."""
    carried = [Mark(student, day.date, now, half_days=day.count, carried=True) for day in days]
    return carried + [Mark(student, day, now, carried=True) for day in dropped]
