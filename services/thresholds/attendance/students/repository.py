"""SQL of the lists of students, and of their numbers by tier."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, NamedTuple

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.register.kept_days import MISSED_AT, MOSTLY_AT
from services.thresholds.roster.repository.rolls import Roll
from services.thresholds.roster.repository.students import in_part, matching
from shared.auth.principal import Part

Order = Literal["name", "student", "absent_days", "-absent_days", "change", "-change"]

_NAME: Final = "folded(ltrim(s.family_name || ' ' || s.given_name))"
_NAMED: Final = f"coalesce({_NAME}, '~') COLLATE \"C\""
_CHANGE: Final = "lpad(({change})::text, 5, '0') || ' ' || "

_ORDER_KEYS: Final[Mapping[Order, str]] = {
    "name": _NAMED,
    "student": "''::text COLLATE \"C\"",
    "absent_days": "lpad(coalesce(r.absent_half_days, 0)::text, 5, '0') COLLATE \"C\"",
    "-absent_days": "lpad((99999 - coalesce(r.absent_half_days, 0))::text, 5, '0') COLLATE \"C\"",
    # Students of one change by name.
    "change": _CHANGE + _NAMED,
    "-change": _CHANGE.replace("{change}", "99999 - {change}") + _NAMED,
}

_COLUMNS: Final = """
    coalesce(s.student, r.student) AS student, s.student_id, s.given_name, s.family_name, s.year_level,
    coalesce(s.groups, '{{}}') AS groups, coalesce(r.absent_half_days, 0) AS absent_half_days, coalesce(r.level, 0) AS level,
    {days} AS days, {order_key} AS order_key
"""
_ROWS: Final = "(SELECT student, absent_half_days, level, days, days_kept FROM register WHERE school = :school AND term = :term)"
_WITHOUT_DAYS: Final = (
    "LEFT JOIN unnest(CAST(:left_students AS text[]), CAST(:left_days AS bytea[])) AS l(student, days) ON l.student = r.student"
)

# The students of a school are those it has sent, and those it has sent marks of: nobody with a mark is left out. Each kind stops at the
# end of the page by itself, so that the first need not be read beyond it where an index has their order; to know that there are none of
# the other, as a rule, takes the keys alone.
_PAGE: Final = """
    WITH strangers AS MATERIALIZED (
        SELECT r.student FROM register r WHERE r.school = :school AND r.term = :term
            AND NOT EXISTS (SELECT 1 FROM {roll} p WHERE p.student = r.student)
    )
    SELECT * FROM (
        (
            SELECT * FROM (SELECT {columns} FROM {roll} s LEFT JOIN {rows} r ON r.student = s.student {left}) e
            WHERE {condition} ORDER BY order_key, student LIMIT :limit
        ) UNION ALL (
            SELECT * FROM (
                SELECT {columns} FROM {rows} r {left} CROSS JOIN (
                    SELECT NULL::text AS student, NULL::uuid AS student_id, NULL::text AS given_name, NULL::text AS family_name,
                        NULL::int AS year_level, NULL::text[] AS groups
                ) s
                WHERE r.student IN (SELECT student FROM strangers)
            ) e
            WHERE {condition} ORDER BY order_key, student LIMIT :limit
        )
    ) listed ORDER BY order_key, student LIMIT :limit
"""
_NUMBERS: Final = """
    SELECT level, count(*) AS students, count(*) FILTER (WHERE {near}) AS near
    FROM (
        SELECT coalesce(s.student, r.student) AS student, s.year_level, s.groups, coalesce(r.absent_half_days, 0) AS absent_half_days,
            coalesce(r.level, 0) AS level
        FROM {roll} s FULL JOIN {rows} r USING (student)
    ) e
    WHERE {condition} GROUP BY level
"""
_UNANSWERED: Final = """
    EXISTS (
        SELECT 1 FROM star_records c WHERE c.school = :school AND c.term = :term AND c.student = e.student AND c.status = 'open'
            AND NOT EXISTS (SELECT 1 FROM responses p WHERE p.record_id = c.id AND p.withdrawn_at IS NULL)
    )
"""
_CROSSED: Final = """
    EXISTS (
        SELECT 1 FROM star_records c WHERE c.school = :school AND c.term = :term AND c.student = e.student
            AND c.crossed_on BETWEEN coalesce(CAST(:crossed_from AS date), '-infinity') AND coalesce(CAST(:crossed_to AS date), 'infinity')
    )
"""
_ON_HOLD: Final = """
    e.student IN (
        SELECT h.student FROM holds h WHERE h.school = :school AND h.term = :term AND h.lifted_at IS NULL
            AND :today <= coalesce(h.until, :term_end)
    )
"""
_BESIDE: Final = """
    SELECT w.student, c.records, c.answered, e.student IS NOT NULL AS has_dates, h.student IS NOT NULL AS on_hold
    FROM unnest(CAST(:ids AS uuid[]), CAST(:students AS text[])) AS w(id, student)
    LEFT JOIN LATERAL (
        SELECT count(*) AS records, count(*) FILTER (
            WHERE EXISTS (SELECT 1 FROM responses p WHERE p.record_id = r.id AND p.withdrawn_at IS NULL)
        ) AS answered
        FROM star_records r WHERE r.student_id = w.id AND r.term = :term AND r.status <> 'withdrawn'
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT h.student FROM holds h WHERE h.student_id = w.id AND h.term = :term AND h.lifted_at IS NULL
            AND :today <= coalesce(h.until, :term_end) LIMIT 1
    ) h ON true
    LEFT JOIN enrolments e ON e.school = :school AND e.student = w.student
    WHERE c.records > 0 OR e.student IS NOT NULL OR h.student IS NOT NULL
"""
NEAR: Final = "level < 3 AND absent_half_days % 10 >= 10 - :near"
"""So few half days below the next threshold, or fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentFilter:
    """Filters of a school's students; None asks for no particular one. `near` is in half days. `words`: each is a part of the name, or
    the beginning of the number. `students`: only these. `unanswered`: with an open record that no response answers.
    `on_hold`: a hold stops letters today. `mostly`: the numbers of the most frequent cause. `rising`: more is missed in the runs of days
    `last` (first day of the term from 0, how many) than in those `before`. `crossed`: a record of the term was crossed on or after the one
    day, and on or before the other."""

    school: str
    term: str
    term_end: date
    roll: Roll
    today: date
    part: Part | None = None
    level: int | None = None
    year_level: int | None = None
    group: str | None = None
    words: Sequence[str] = ()
    near: int | None = None
    unanswered: bool | None = None
    on_hold: bool | None = None
    students: Sequence[str] | None = None
    mostly: bytes | None = None
    rising: bool | None = None
    crossed: tuple[date | None, date | None] = (None, None)
    last: Sequence[tuple[int, int]] = ()
    before: Sequence[tuple[int, int]] = ()

    def conditions(self) -> tuple[str, dict[str, object]]:
        """The SQL condition on `everybody e`, and its values. It has only what is asked for, so that it is planned for that."""
        conditions, values = ["true"], dict[str, object](term=self.term, **self.roll.values)
        if self.level is not None:
            conditions.append("level = :level")
            values["level"] = self.level
        about, more = matching(self.words, self.year_level, self.group)
        conditions += about
        values |= more
        if self.students is not None:
            conditions.append("e.student = ANY(CAST(:students AS text[]))")
            values["students"] = list(self.students)
        if self.near is not None:
            conditions.append(NEAR)
            values["near"] = self.near
        if self.mostly is not None:
            conditions.append(f"substr(e.days, {MOSTLY_AT + 1}, 1) = ANY(CAST(:mostly AS bytea[]))")
            values["mostly"] = [bytes((number,)) for number in self.mostly]
        if self.rising is not None:
            last, before = missed("e.days", self.last), missed("e.days", self.before)
            conditions.append(f"{last} {'>' if self.rising else '<='} {before}")
        if self.crossed != (None, None):
            conditions.append(_CROSSED)
            values |= {"crossed_from": self.crossed[0], "crossed_to": self.crossed[1]}
        for wanted, condition in ((self.unanswered, _UNANSWERED), (self.on_hold, _ON_HOLD)):
            if wanted is not None:
                conditions.append(condition if wanted else f"NOT ({condition})")
        if self.on_hold is not None:
            values |= {"today": self.today, "term_end": self.term_end}
        if self.part is not None:
            # Whom somebody looks after is decided by the groups of today, in lists of past terms too.
            condition, more = in_part(self.part, "n" if self.roll.is_past else "e")
            if self.roll.is_past:
                condition = f"e.student IN (SELECT n.student FROM students n WHERE n.school = :school AND {condition})"  # noqa: S608
            conditions.append(condition)
            values |= more
        return " AND ".join(conditions), values


class Beside(NamedTuple):
    """The facts beside a student's row: how many records stand and how many of them a response answers, whether dates or sessions of
    the student are known, and whether a hold stops letters today."""

    records: int = 0
    answered: int = 0
    has_dates: bool = False
    on_hold: bool = False


async def page(
    connection: AsyncConnection,
    which: StudentFilter,
    order: Order,
    after: tuple[str, str] | None,
    limit: int,
    not_kept: Mapping[str, bytes],
) -> list[RowMapping]:
    """Students of a school with their totals and days of a term; `after` is the (order_key, student) of the last one seen. `not_kept`: the
    days of rows beside which none are kept."""
    condition, values = which.conditions()
    if after is not None:
        condition += ' AND (order_key, student) > (CAST(:after_key AS text) COLLATE "C", CAST(:after_student AS text))'
        values |= {"after_key": after[0], "after_student": after[1]}
    days = "r.days"
    if not_kept:
        days = "CASE WHEN r.days_kept THEN r.days ELSE l.days END"
        values |= {"left_students": list(not_kept), "left_days": list(not_kept.values())}
    columns = _COLUMNS.format(days=days, order_key=_ORDER_KEYS[order].format(change=missed(days, which.last)))
    left = _WITHOUT_DAYS if not_kept else ""
    sql = _PAGE.format(columns=columns, roll=which.roll.sql, rows=_ROWS, left=left, condition=condition)
    return list((await connection.execute(text(sql), values | {"limit": limit})).mappings())


async def numbers(connection: AsyncConnection, which: StudentFilter, near: int) -> list[RowMapping]:
    """How many students there are on each `level`, and how many of them are `near` half days below the next threshold."""
    condition, values = which.conditions()
    sql = _NUMBERS.format(near=NEAR, roll=which.roll.sql, rows=_ROWS, condition=condition)
    return list((await connection.execute(text(sql), values | {"near": near})).mappings())


async def beside(connection: AsyncConnection, which: StudentFilter, students: Mapping[str, uuid.UUID]) -> dict[str, Beside]:
    """The facts beside the rows of these students, by id; a student of whom there are none is left out."""
    if not students:
        return {}
    rows = await connection.execute(
        text(_BESIDE),
        {
            "school": which.school,
            "term": which.term,
            "today": which.today,
            "term_end": which.term_end,
            "ids": list(students.values()),
            "students": list(students),
        },
    )
    return {row.student: Beside(row.records, row.answered, row.has_dates, row.on_hold) for row in rows}


def missed(days: str, runs: Sequence[tuple[int, int]]) -> str:
    """The SQL of the half days that count as absent in some runs of days; 0 without a row."""
    counts = [f"bit_count(substr({days}, {MISSED_AT + 1 + at:d}, {number:d}))" for at, number in runs]
    return f"coalesce({' + '.join(counts)}, 0)" if counts else "0"
