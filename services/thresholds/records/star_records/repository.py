"""SQL of STAR records."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.star_records.decisions import Decision
from services.thresholds.records.star_records.record import Record
from shared.attendance.tiers import Threshold

_COLUMNS = """
    r.id, r.school, r.student, r.student_id, r.term, r.threshold, r.origin, r.sequence, r.absent_half_days, r.crossed_on, r.status,
    r.outcome, r.assigned_to, r.due_on, r.reason, r.created_at, r.updated_at
"""
_UNANSWERED = "NOT EXISTS (SELECT 1 FROM responses p WHERE p.record_id = r.id AND p.withdrawn_at IS NULL)"


@dataclass(frozen=True, slots=True)
class DueBefore:
    """Due before a day: by hand, or by the school's rule, for which what was crossed before the day of its threshold is."""

    before: date
    crossed_before: Mapping[Threshold, date | None]

    def condition(self, name: str) -> tuple[str, dict[str, object]]:
        """The SQL, and its values, whose names begin with `name`."""
        values: dict[str, object] = {name: self.before}
        by_rule = ["false"]
        for threshold, day in self.crossed_before.items():
            if day is not None:
                by_rule.append(f"(r.threshold = {threshold:d} AND r.crossed_on < :{name}_{threshold:d})")
                values[f"{name}_{threshold:d}"] = day
        return f"CASE WHEN r.due_on IS NULL THEN coalesce({' OR '.join(by_rule)}, false) ELSE r.due_on < :{name} END", values


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """Filters of a school's records. `overdue` is (list the overdue ones, or all others; the rule as of today); None lists both.

    `of_students` None is everybody; for a part of a school it has the ids of its students, which lead to their few records at once.
    """

    school: str
    term: str | None = None
    threshold: int | None = None
    status: str | None = None
    student: str | None = None
    assigned_to: str | None = None
    due: DueBefore | None = None
    overdue: tuple[bool, DueBefore] | None = None
    of_students: Sequence[uuid.UUID] | None = None


async def add(connection: AsyncConnection, record: Record) -> None:
    """Keeps a record made by hand."""
    await connection.execute(
        text(
            """
            INSERT INTO star_records (id, school, student, student_id, term, threshold, origin, sequence, absent_half_days,
                crossed_on, status, assigned_to, due_on, reason, created_at, updated_at)
            VALUES (:id, :school, :student, :student_id, :term, :threshold, :origin, :sequence, :absent_half_days,
                :crossed_on, :status, :assigned_to, :due_on, :reason, :created_at, :updated_at)
            """
        ),
        asdict(record),
    )


async def get(connection: AsyncConnection, record_id: uuid.UUID) -> Record | None:
    """One record."""
    rows = await connection.execute(text(f"SELECT {_COLUMNS} FROM star_records r WHERE id = :id"), {"id": record_id})  # noqa: S608
    row = rows.mappings().one_or_none()
    return None if row is None else Record(**row)


async def change(connection: AsyncConnection, record_id: uuid.UUID, decision: Decision, now: datetime) -> None:
    """Writes what staff decide about a record. The caller holds the school's lock and has seen that the record is not withdrawn."""
    await connection.execute(
        text(
            """
            UPDATE star_records SET status = :status, outcome = :outcome, assigned_to = :assigned_to, due_on = :due_on, updated_at = :now
            WHERE id = :id AND status <> 'withdrawn'
            """
        ),
        {"id": record_id, "now": now, **asdict(decision)},
    )


async def of_student(connection: AsyncConnection, student_id: uuid.UUID, term: str) -> list[Record]:
    """A student's records of a term, in the order of their thresholds."""
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM star_records r WHERE student_id = :id AND term = :term ORDER BY threshold, created_at"),  # noqa: S608
        {"id": student_id, "term": term},
    )
    return [Record(**row) for row in rows.mappings()]


async def page(connection: AsyncConnection, which: RecordFilter, after: uuid.UUID | None, limit: int) -> list[Record]:
    """Records of a school, by id."""
    conditions, values = ["r.school = :school"], {"school": which.school, "limit": limit}
    # The statement has only the conditions of this filter, so that it is planned for them.
    for name in ("term", "threshold", "status", "student", "assigned_to"):
        if (value := getattr(which, name)) is not None:
            conditions.append(f"r.{name} = :{name}")
            values[name] = value
    if which.due is not None:
        condition, more = which.due.condition("due_before")
        conditions.append(condition)
        values |= more
    if which.overdue is not None:
        overdue, due = which.overdue
        condition, more = due.condition("today")
        values |= more
        conditions += (
            ["r.status = 'open'", condition, _UNANSWERED] if overdue else [f"NOT (r.status = 'open' AND {condition} AND {_UNANSWERED})"]
        )
    if which.of_students is not None:
        conditions.append("r.student_id = ANY(CAST(:of_students AS uuid[]))")
        values["of_students"] = list(which.of_students)
    if after is not None:
        conditions.append("r.id > :after")
        values["after"] = after
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM star_records r WHERE {' AND '.join(conditions)} ORDER BY r.id LIMIT :limit"),  # noqa: S608
        values,
    )
    return [Record(**row) for row in rows.mappings()]


async def totals(connection: AsyncConnection, records: Sequence[Record]) -> dict[uuid.UUID, int]:
    """Today's total in half days of each record's student in the record's term; 0 where there is no mark."""
    none = {record.id: 0 for record in records}
    if not records:
        return none
    rows = await connection.execute(
        text(
            """
            SELECT w.id, r.absent_half_days
            FROM unnest(CAST(:ids AS uuid[]), CAST(:schools AS text[]), CAST(:terms AS text[]), CAST(:students AS text[]))
                AS w(id, school, term, student)
            JOIN register r USING (school, term, student)
            """
        ),
        {
            "ids": [record.id for record in records],
            "schools": [record.school for record in records],
            "terms": [record.term for record in records],
            "students": [record.student for record in records],
        },
    )
    return none | {row.id: row.absent_half_days for row in rows}
