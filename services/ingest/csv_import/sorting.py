"""Rows into messages for the bus and refusals, batch by batch, so that a file of any size needs the memory of one batch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from services.ingest.answers import Rejected
from services.ingest.csv_import.columns import Columns
from services.ingest.csv_import.date_order import DateOrder
from services.ingest.csv_import.mark_rows import MarkRows
from services.ingest.csv_import.report import Tally
from services.ingest.csv_import.student_rows import StudentRows
from services.ingest.marks.batch import Batch
from services.ingest.marks.posting import roll_messages
from services.ingest.students.batch import StudentBatch
from services.ingest.students.schemas import StudentIn
from services.ingest.tables.identifiers import Keys
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.codes import CodeTable
from shared.bus.interface import Outgoing
from shared.identifiers import SchoolNumber

SOURCE: Final = "csv"


@dataclass(slots=True)
class Sorted:
    """A batch: the messages to publish or the students to keep, how many rows that is, and the rows refused, by line."""

    messages: list[Outgoing] = field(default_factory=list)
    students: list[StudentIn] = field(default_factory=list)
    accepted: int = 0
    rejected: list[Rejected] = field(default_factory=list)


class Sorter(Protocol):
    """Sorts the rows of one file, a batch at a time. `order` is what its dates say so far."""

    order: DateOrder

    def look(self, cells: Sequence[str]) -> None:
        """Passes over a row that was dealt with before."""

    def begin(self, now: datetime) -> None:
        """Starts a batch, received now."""

    def take(self, line: int, cells: Sequence[str]) -> None:
        """Sorts one row."""

    def end(self) -> Sorted:
        """The batch."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules by which marks are judged, and the keys of students that are known."""

    calendar: SchoolCalendar
    codes: CodeTable
    clock_skew: timedelta
    keys: Keys = field(default_factory=Keys)


class MarkSorter:
    """Sorts rows of marks by the rules of the door."""

    def __init__(self, school: SchoolNumber, columns: Columns, rules: Rules, recorded_at: str, tally: Tally) -> None:
        self._school = school
        self._rules = rules
        self._tally = tally
        self._rows = MarkRows(columns, ZoneInfo(rules.calendar.timezone), recorded_at, rules.keys)
        self.order = self._rows.order

    def look(self, cells: Sequence[str]) -> None:
        self._rows.look(cells)

    def begin(self, now: datetime) -> None:
        self._now = now
        self._batch = Batch(self._rules.calendar, self._rules.codes, now, self._rules.clock_skew)
        self._unread: list[Rejected] = []
        self._read = 0

    def take(self, line: int, cells: Sequence[str]) -> None:
        try:
            marks = self._rows.read(cells)
        except ValueError as error:
            self._unread.append(Rejected(index=line, reason="bad-field", detail=str(error)))
        else:
            self._read += 1
            for mark in marks:
                self._batch.take(line, mark)
            self._tally.saw(self._rows.student)
            self._tally.saw_day(self._rows.day)

    def end(self) -> Sorted:
        # A row of a whole day is refused by its first mark that is; its others are let in.
        refused = {
            item.index: Rejected(index=item.index, reason=item.reason, detail=item.detail) for item in reversed(self._batch.rejected)
        }
        messages = list(roll_messages(self._school, SOURCE, self._now, self._batch.accepted))
        return Sorted(messages, accepted=self._read - len(refused), rejected=[*self._unread, *reversed(refused.values())])


class StudentSorter:
    """Sorts rows of students by the rules of the door."""

    def __init__(self, columns: Columns, tally: Tally, keys: Keys | None = None) -> None:
        self._tally = tally
        self._rows = StudentRows(columns, keys or Keys())
        self.order = self._rows.order

    def look(self, cells: Sequence[str]) -> None:
        self._rows.look(cells)

    def begin(self, now: datetime) -> None:
        self._batch = StudentBatch()

    def take(self, line: int, cells: Sequence[str]) -> None:
        try:
            student = self._rows.read(cells)
        except ValueError as error:
            self._batch.rejected.append(Rejected(index=line, reason="bad-field", detail=str(error)))
        else:
            self._batch.take(line, student)
            self._tally.saw(self._rows.student)

    def end(self) -> Sorted:
        students = self._batch.accepted
        return Sorted(students=students, accepted=len(students), rejected=self._batch.rejected)
