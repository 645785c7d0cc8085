"""Reads what an analysis takes, as of one moment: the roster, the term's rows, crossings, responses, and the terms beside it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.analysis import repository
from services.thresholds.analysis.analysing import Question, half_days_of
from services.thresholds.analysis.counting import HalfDays
from services.thresholds.analysis.selection import Selected
from services.thresholds.analysis.sets import Student
from services.thresholds.analysis.timeline import NeighbourDays, terms_beside, terms_reached
from services.thresholds.analysis.weeks import CrossedRecords
from services.thresholds.register.kept_days import DayKeeper
from services.thresholds.roster.days import days_of
from services.thresholds.roster.lookup import known_school, term_for
from services.thresholds.roster.repository import enrolments
from services.thresholds.roster.repository import students as students_of
from services.thresholds.roster.repository.rolls import Roll
from services.thresholds.state import ThresholdsState
from shared.attendance.calendar import Term
from shared.auth.principal import Part
from shared.db.one_moment import one_moment
from shared.events.calendars import calendar_of, codes_in
from shared.events.data import SchoolUpdated
from shared.identifiers import SchoolNumber
from shared.names import full_name


@dataclass(frozen=True, slots=True)
class Gathered:
    """A school, the question about it, the half days of the question's rows, and the students' names by key."""

    school: SchoolUpdated
    question: Question
    half_days: HalfDays
    names: Mapping[str, str]


async def gather(
    state: ThresholdsState, school: SchoolNumber, part: Part | None, selected: Selected, now: datetime, *, with_effects: bool
) -> Gathered:
    """Reads a school, or the part of it that the caller looks after; without effects, the question has no crossings and responses.

    Raises ProblemError 404 for an unknown school or term.
    """
    async with state.engine.connect() as connection:
        await one_moment(connection)
        sent = await known_school(connection, school)
        calendar = calendar_of(sent)
        term = term_for(calendar, selected.term, now)
        roll = Roll.of(school, term, calendar, now)
        # Whom somebody looks after is decided by the groups of today, also where the term is over.
        looked_after = None if part is None else set(await students_of.keys_of_part(connection, school, part))
        roster = [row for row in await repository.roster(connection, roll) if looked_after is None or row.student in looked_after]
        # Without a part, students who were not sent, or have left, are there too.
        source = _Source(connection, school, roll, state.keeper, None if part is None else [row.student for row in roster])
        rows = await days_of(connection, school, term, calendar, state.keeper, now, source.only)
        enrolled = await enrolments.of_students(connection, school, {*rows, *(row.student for row in roster)})
        students = [Student(row.student, row.year_level, frozenset(row.groups), True, enrolled.get(row.student)) for row in roster]
        strangers = sorted(rows.keys() - {row.student for row in roster})
        students += [Student(key, None, frozenset(), False, enrolled.get(key)) for key in strangers]
        question = Question(
            term=term,
            calendar=calendar,
            codes=codes_in(sent, term.name, state.codes),
            now=now,
            students=students,
            days=[rows.get(student.student, b"") for student in students],
            whole_school=part is None,
            year_level=selected.year_level,
            group=selected.group,
        )
        async with asyncio.TaskGroup() as both:
            # Half days are counted while the rest is being read: each takes about as long.
            counting = both.create_task(asyncio.to_thread(half_days_of, question))
            if with_effects:
                question = await source.with_effects(question, on_roll=bool(roster))
    return Gathered(
        sent,
        question,
        counting.result(),
        {row.student: full_name(row.given_name, row.family_name or "") for row in roster if row.given_name},
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """A school's tables as of one moment; of the students in `only`, or for None of all."""

    connection: AsyncConnection
    school: SchoolNumber
    roll: Roll
    keeper: DayKeeper
    only: Sequence[str] | None

    async def with_effects(self, question: Question, *, on_roll: bool) -> Question:
        """The question with the crossings, the responses, and the rows of other terms that the weeks around responses reach into."""
        term, calendar = question.term, question.calendar
        crossed: Sequence[CrossedRecords] = ()
        if question.whole_school:
            rows = await repository.crossings(self.connection, self.roll, calendar.timezone, on_roll=on_roll)
            crossed = [CrossedRecords(*row) for row in rows]
        terms = [beside.name for beside in (term, *terms_beside(calendar, term)) if beside is not None]
        responses = await repository.responses(self.connection, self.school, terms)
        beside = await self._beside(question, {row.occurred_on for row in responses})
        return replace(question, crossed=crossed, responses=responses, beside=beside)

    async def _beside(self, question: Question, activities: Iterable[date]) -> NeighbourDays:
        """The days of the terms before and after that the weeks around responses on these days reach into."""
        calendar, now = question.calendar, question.now

        async def rows_of(beside: Term | None) -> list[bytes] | None:
            if beside is None:
                return None
            rows = await days_of(self.connection, self.school, beside, calendar, self.keeper, now, self.only)
            return [rows.get(student.student, b"") for student in question.students]

        before, after = terms_reached(calendar, question.term, calendar.today(now), activities)
        return NeighbourDays(await rows_of(before), await rows_of(after))
