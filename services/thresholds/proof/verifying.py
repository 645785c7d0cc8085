"""Holds what is stored against the slow oracle: every total, the days kept beside the marks, and every STAR record that follows."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.thresholds.crossings import repository as crossings
from services.thresholds.proof.oracle import OracleMark, Rules, absent_half_days
from services.thresholds.register import packed_row
from services.thresholds.register.kept_days import DayKeeper, KeptDays
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import Row, RowKey
from services.thresholds.roster.repository import enrolments, schools
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.enrolment import Enrolment
from shared.attendance.tiers import THRESHOLDS
from shared.events.calendars import calendar_of
from shared.identifiers import star_record_id, student_id


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Something stored that the rules do not give."""

    key: RowKey
    what: str


@dataclass(frozen=True, slots=True)
class SchoolVerified:
    """One school's result."""

    school: str
    rows: int
    differences: Sequence[Discrepancy]


async def verify(engine: AsyncEngine, codes: CodeTable, now: datetime, only: str | None = None) -> AsyncIterator[SchoolVerified]:
    """Goes through the schools one by one, each in one look at the database, so that marks which arrive meanwhile don't show as
    differences."""
    keeper = DayKeeper(codes)
    async with engine.connect() as connection:
        numbers = [only] if only else await schools.numbers(connection)
    for number in numbers:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            sent = await schools.get(connection, [number])
            if not sent:
                continue
            calendar = calendar_of(sent[0])
            stored = await rows.of_terms(connection, number, [term.name for term in calendar.terms])
            enrolled = await enrolments.of_students(connection, number, {key.student for key in stored})
            differences = [
                difference
                for key, row in stored.items()
                for difference in _of_row(key, row, calendar, codes, keeper, now, enrolled.get(key.student))
            ]
            differences += await _of_records(connection, stored)
        yield SchoolVerified(number, len(stored), differences)


def _of_row(
    key: RowKey, row: Row, calendar: SchoolCalendar, codes: CodeTable, keeper: DayKeeper, now: datetime, enrolment: Enrolment | None
) -> Iterator[Discrepancy]:
    term = calendar.term_named(key.term)
    assert term is not None
    total = absent_half_days(oracle_marks(row.marks), rules_of(term, calendar, codes, now, enrolment))
    if total != row.absent_half_days:
        yield Discrepancy(key, f"{row.absent_half_days} half days are stored, and the marks give {total}")
    if row.days is not None:
        own = calendar.for_student(enrolment, term)
        given = keeper.all_days(row.marks, term, own, own.ended_through(now))
        missed = int.from_bytes(KeptDays(row.days).missed, "big").bit_count()
        if row.days != given or missed != total:
            yield Discrepancy(key, f"the days kept beside the marks miss {missed} half days, or say of them what the marks do not")


async def _of_records(connection: AsyncConnection, stored: dict[RowKey, Row]) -> list[Discrepancy]:
    expected = {
        star_record_id(student_id(key.school, key.student), key.term, threshold): (key, row.level > place, threshold)
        for key, row in stored.items()
        for place, threshold in enumerate(THRESHOLDS)
    }
    statuses = await crossings.statuses(connection, list(expected))
    differences = []
    for record, (key, reached, threshold) in expected.items():
        stands = statuses.get(record, "withdrawn") != "withdrawn"
        if stands != reached:
            differences.append(Discrepancy(key, f"the STAR record of {threshold} days {'stands' if stands else 'does not stand'}"))
    return differences


def rules_of(term: Term, calendar: SchoolCalendar, codes: CodeTable, now: datetime, enrolment: Enrolment | None = None) -> Rules:
    """A term's rules as the oracle takes them, for a student with these dates and sessions."""
    days = [term.start + timedelta(days=number) for number in range((term.end - term.start).days + 1)]
    choices = calendar.choices_in(term)
    return Rules(
        open_half_days={day: calendar.open_half_days(day) for day in days},
        slot_minutes={day: {slot.slot: slot.minutes for slot in calendar.slots_on(day)} for day in days},
        slot_sessions={day: {slot.slot: slot.session for slot in calendar.slots_on(day) if slot.session} for day in days},
        absent_codes=frozenset(filter(codes.is_absence, codes.by_code)),
        known_codes=frozenset(codes.by_code),
        blanks_until=calendar.ended_through(now) if choices.blanks_are_truant else None,
        carried_counts=choices.carried_absences_count,
        off_roll=frozenset(day for day in days if enrolment is not None and not enrolment.on_roll(day)),
        attended=None if enrolment is None or enrolment.attends is None else dict(enumerate(enrolment.attends)),
        excluded_codes=frozenset(code for code in codes.by_code if codes.class_of(code) == "excluded"),
    )


def oracle_marks(marks: bytes) -> list[OracleMark]:
    """The marks of a row as the oracle takes them."""
    marked: list[OracleMark] = []
    for entry in packed_row.unpack(marks):
        place = entry.session or entry.slot or ("carried" if entry.kind == "carried" else "day")
        count = entry.count
        value = entry.code if count is None else (count.unjustified, count.justified, count.present)
        marked.append(OracleMark(entry.day, place, value, entry.minutes, entry.recorded_at, entry.received_at))
    return marked
