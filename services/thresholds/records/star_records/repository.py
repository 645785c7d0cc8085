"""SQL of STAR records."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Literal

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.star_records.decisions import Decision
from services.thresholds.records.star_records.record import Record
from services.thresholds.roster.repository.rolls import Roll
from services.thresholds.roster.repository.students import matching
from shared.attendance.tiers import THRESHOLDS, Threshold

Sort = Literal["id", "crossed_on", "-crossed_on", "due_on", "name"]

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
    `records`: only these; None: all. `crossed_from` and `crossed_to` are inclusive. `words`, `year_level` and `group` are those of the
    student, as the lists of students have them: on the `roll` of the term, where that is over.
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
    crossed_from: date | None = None
    crossed_to: date | None = None
    words: Sequence[str] = ()
    year_level: int | None = None
    group: str | None = None
    answered: bool | None = None
    records: Sequence[uuid.UUID] | None = None
    roll: Roll | None = None

    def conditions(self) -> tuple[list[str], dict[str, object]]:
        """The SQL conditions on `star_records r`, and their values: only those of this filter, so that it is planned for them."""
        conditions, values = ["r.school = :school"], dict[str, object](school=self.school)
        for name in ("term", "threshold", "status", "student", "assigned_to"):
            if (value := getattr(self, name)) is not None:
                conditions.append(f"r.{name} = :{name}")
                values[name] = value
        for name, condition in (("crossed_from", "r.crossed_on >= :crossed_from"), ("crossed_to", "r.crossed_on <= :crossed_to")):
            if (value := getattr(self, name)) is not None:
                conditions.append(condition)
                values[name] = value
        if self.due is not None:
            condition, more = self.due.condition("due_before")
            conditions.append(condition)
            values |= more
        if self.overdue is not None:
            overdue, due = self.overdue
            condition, more = due.condition("today")
            values |= more
            conditions += (
                ["r.status = 'open'", condition, _UNANSWERED] if overdue else [f"NOT (r.status = 'open' AND {condition} AND {_UNANSWERED})"]
            )
        if self.records is not None:
            conditions.append("r.id = ANY(CAST(:records AS uuid[]))")
            values["records"] = list(self.records)
        if self.of_students is not None:
            conditions.append("r.student_id = ANY(CAST(:of_students AS uuid[]))")
            values["of_students"] = list(self.of_students)
        if self.answered is not None:
            conditions.append(f"NOT {_UNANSWERED}" if self.answered else _UNANSWERED)
        about, more = matching(self.words, self.year_level, self.group)
        if about:
            everybody = "(SELECT * FROM students WHERE school = :school)" if self.roll is None else self.roll.sql
            people = f"SELECT s.student_id FROM {everybody} s WHERE {' AND '.join(about)}"  # noqa: S608
            values |= {} if self.roll is None else self.roll.values
            conditions.append(f"r.student_id IN ({people})")
            values |= more
        return conditions, values


@dataclass(frozen=True, slots=True)
class Ordering:
    """The order of a list of records. `due` has the school's days and how many of them it has to answer, for the order by due day."""

    sort: Sort
    school_days: Sequence[date] = ()
    due_after: Mapping[Threshold, int | None] = field(default_factory=dict)

    def key(self) -> tuple[str, dict[str, object]]:
        """The SQL of what a record stands by, as text, and its values."""
        match self.sort:
            case "id":
                return "''", {}
            case "crossed_on":
                return "r.crossed_on::text", {}
            case "-crossed_on":
                return "lpad((DATE '9999-12-31' - r.crossed_on)::text, 8, '0')", {}
            case "name":
                name = "(SELECT folded(ltrim(s.family_name || ' ' || s.given_name)) FROM students s WHERE s.student_id = r.student_id)"
                return f"coalesce({name}, '~')", {}
        # The last school day not after the crossing has that many days behind it; the due day is so many further on.
        after = " ".join(f"WHEN {threshold:d} THEN CAST(:after_{threshold:d} AS int)" for threshold in THRESHOLDS)
        days = "CAST(:school_days AS date[])"
        by_rule = f"({days})[width_bucket(r.crossed_on, {days}) + CASE r.threshold {after} END]"
        values: dict[str, object] = {f"after_{threshold:d}": self.due_after.get(threshold) for threshold in THRESHOLDS}
        return f"coalesce(r.due_on, {by_rule}, DATE '9999-12-31')::text", values | {"school_days": list(self.school_days)}


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


async def of_ids(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> list[Record]:
    """These records; ids that no record has are passed over."""
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM star_records r WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id"),  # noqa: S608
        {"ids": sorted(set(ids))},
    )
    return [Record(**row) for row in rows.mappings()]


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


async def open_of(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> list[Record]:
    """The open records of all terms of a student with these ids."""
    rows = await connection.execute(
        text(f"SELECT {_COLUMNS} FROM star_records r WHERE student_id = ANY(CAST(:ids AS uuid[])) AND status = 'open' ORDER BY id"),  # noqa: S608
        {"ids": list(ids)},
    )
    return [Record(**row) for row in rows.mappings()]


async def page(
    connection: AsyncConnection, which: RecordFilter, ordering: Ordering, after: tuple[str, uuid.UUID] | None, limit: int
) -> list[tuple[str, Record]]:
    """Records of a school in an order, each with what it stands by; `after` is the place and the id of the last one seen."""
    conditions, values = which.conditions()
    key, more = ordering.key()
    values |= more | {"limit": limit}
    if after is not None and ordering.sort == "id":
        # By itself the id leads through the index.
        conditions.append("r.id > :after")
        values["after"] = after[1]
    elif after is not None:
        conditions.append(f'({key} COLLATE "C", r.id) > (CAST(:after_key AS text) COLLATE "C", CAST(:after AS uuid))')
        values |= {"after_key": after[0], "after": after[1]}
    order = "r.id" if ordering.sort == "id" else f'{key} COLLATE "C", r.id'
    rows = await connection.execute(
        text(
            f"""
            SELECT {key} AS order_key, {_COLUMNS} FROM star_records r
            WHERE {" AND ".join(conditions)} ORDER BY {order} LIMIT :limit
            """  # noqa: S608
        ),
        values,
    )
    return [(row.pop("order_key"), Record(**row)) for row in map(dict, rows.mappings())]


async def numbers(
    connection: AsyncConnection, school: str, term: str, due: DueBefore, of_students: Sequence[uuid.UUID] | None
) -> RowMapping:
    """How many records of a term are open, overdue (by the rule as of today), unanswered, closed and withdrawn."""
    condition, values = due.condition("today")
    part = "true" if of_students is None else "r.student_id = ANY(CAST(:of_students AS uuid[]))"
    rows = await connection.execute(
        text(
            f"""
            SELECT count(*) FILTER (WHERE status = 'open') AS open, count(*) FILTER (WHERE status = 'closed') AS closed,
                count(*) FILTER (WHERE status = 'withdrawn') AS withdrawn,
                count(*) FILTER (WHERE status = 'open' AND {_UNANSWERED}) AS unanswered,
                count(*) FILTER (WHERE status = 'open' AND {condition} AND {_UNANSWERED}) AS overdue
            FROM star_records r WHERE school = :school AND term = :term AND {part}
            """  # noqa: S608
        ),
        values | {"school": school, "term": term} | ({} if of_students is None else {"of_students": list(of_students)}),
    )
    return rows.mappings().one()


async def reached(connection: AsyncConnection, school: str, term: str, since: date, of_students: Sequence[uuid.UUID] | None) -> int:
    """How many students have reached a threshold after a day, or on it, and are not back below."""
    part = "true" if of_students is None else "student_id = ANY(CAST(:of_students AS uuid[]))"
    count = await connection.execute(
        text(
            f"""
            SELECT count(DISTINCT student_id) FROM star_records
            WHERE school = :school AND term = :term AND crossed_on >= :since AND status <> 'withdrawn' AND origin = 'crossing' AND {part}
            """  # noqa: S608
        ),
        {"school": school, "term": term, "since": since} | ({} if of_students is None else {"of_students": list(of_students)}),
    )
    return int(count.scalar_one())


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
