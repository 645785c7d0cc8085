"""Schools ask how their students stand: one batch of requests, one transaction, and an answer for each student."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import fmean
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.crossings import repository as crossings
from services.thresholds.good_news.gathering import Found, good_news
from services.thresholds.register.kept_days import DayKeeper, KeptDays
from services.thresholds.roster.days import days_of
from services.thresholds.roster.repository import schools, students
from shared.attendance.calendar import Term
from shared.attendance.codes import CodeTable
from shared.attendance.tiers import tier_of
from shared.batch import Batch, BatchHandler
from shared.deadletters.reading import WRONG_TYPE
from shared.events.calendars import calendar_of, codes_in
from shared.events.catalogue import STATEMENT_MADE
from shared.events.data import AbsentDay, SchoolUpdated, StatementMade, StatementsRequested
from shared.events.envelope import Event
from shared.identifiers import SchoolNumber, statement_event_id, student_id
from shared.moments import repository as moments
from shared.outbox import repository as outbox

log = structlog.get_logger()

FEWEST_COMPARED: Final = 5
"""Students below which no average of a school is told: nobody should be picked out of it."""


@dataclass(kw_only=True)
class StatementsHandler(BatchHandler):
    """Answers requests, under the school's lock: with the totals that every event of the school before them has told of."""

    codes: CodeTable

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies a batch. A request that is read again is answered again, in events of the same ids."""
        asked = []
        for message, event in batch.events:
            match event:
                case Event(data=StatementsRequested() as data):
                    asked.append((message, data))
                case _:
                    batch.refuse(message, WRONG_TYPE, "only requests for statements belong on this topic")
        await schools.lock(connection, sorted({data.school for _, data in asked}))
        for message, data in asked:
            sent = await schools.get(connection, [data.school])
            term = calendar_of(sent[0]).term_named(data.term) if sent else None
            if term is None:
                batch.refuse(message, "unknown-school", "the school, or its term, has not been sent", school=data.school)
                continue
            made = await self._statements(connection, sent[0], term, data, batch.now)
            at = await moments.next_of(connection, data.school, batch.now)
            await outbox.add(connection, [_event(statement, at).encode() for statement in made])
            log.info("statements.made", school=data.school, occasion=data.occasion, statements=len(made))

    async def _statements(
        self, connection: AsyncConnection, sent: SchoolUpdated, term: Term, asked: StatementsRequested, now: datetime
    ) -> list[StatementMade]:
        school, calendar = SchoolNumber(sent.school), calendar_of(sent)
        keeper = DayKeeper(self.codes)
        columns = await days_of(connection, school, term, calendar, keeper, now)
        news: Mapping[str, Found] = {}
        if asked.occasion != "statement":
            found = await good_news(connection, school, term, calendar, keeper, asked.clear_days, now)
            news = {one.student: one for one in found if one.news.kind == asked.occasion and not one.news.unmarked}
            columns = {student: columns[student] for student in news}
        # Families of students who have left are told nothing.
        on_roll = await students.groups_of(connection, sent.school, None)
        columns = {student: column for student, column in columns.items() if student in on_roll}
        ids = {student: student_id(school, student) for student in columns}
        versions = await crossings.standing_versions(connection, list(ids.values()), term.name)
        codes = codes_in(sent, term.name, self.codes)
        average = _average(columns) if asked.compared else None
        return [
            _statement(asked, student, KeptDays(column), term.start, codes, versions.get(ids[student], 0), news.get(student), average)
            for student, column in sorted(columns.items())
        ]


def _statement(
    asked: StatementsRequested,
    student: str,
    kept: KeptDays,
    start: date,
    codes: CodeTable,
    standing: int,
    news: Found | None,
    average: float | None,
) -> StatementMade:
    absent_on = [AbsentDay(start + timedelta(days=place), bits.bit_count()) for place, bits in enumerate(kept.missed) if bits]
    half_days = sum(day.half_days for day in absent_on)
    return StatementMade(
        school=asked.school,
        student=student,
        student_id=student_id(SchoolNumber(asked.school), student),
        term=asked.term,
        occasion=asked.occasion,
        on=asked.on,
        since=None if news is None else news.first,
        tier=tier_of(half_days),
        absent_half_days=half_days,
        absent_days=half_days / 2,
        absent_on=absent_on,
        illness_half_days=sum(number for cause, number in kept.causes(codes) if codes.is_illness(cause.code)),
        standing=standing,
        school_average_days=average,
    )


def _average(columns: Mapping[str, bytes]) -> float | None:
    if len(columns) < FEWEST_COMPARED:
        return None
    return round(fmean(int.from_bytes(KeptDays(column).missed, "big").bit_count() / 2 for column in columns.values()), 1)


def _event(statement: StatementMade, at: datetime) -> Event:
    event_id = statement_event_id(statement.student_id, statement.term, statement.occasion, statement.on)
    return Event(STATEMENT_MADE, str(event_id), "/thresholds", at, str(statement.student_id), statement)
