"""The end of a school's day, for schools that read what nobody marked as truant: then blanks begin to count."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.thresholds.recalculation.repository import day_ends
from services.thresholds.recalculation.task import request_recalculation
from services.thresholds.roster.repository import schools
from shared.attendance.calendar import END_OF_DAY, SchoolCalendar
from shared.clock import Clock, utc_now
from shared.events.calendars import calendar_of
from shared.identifiers import NAMESPACE
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome

KIND: Final = "day-end"


def next_end(calendar: SchoolCalendar, now: datetime) -> tuple[date, datetime] | None:
    """The next school day to end, and when it does; None when the school's terms are over."""
    after = calendar.ended_through(now)
    for term in calendar.terms:
        if term.end <= after:
            continue
        for day in calendar.school_days(term):
            if day > after:
                return day, datetime.combine(day, END_OF_DAY, ZoneInfo(calendar.timezone))
    return None


async def schedule(connection: AsyncConnection, school: str, calendar: SchoolCalendar, now: datetime) -> None:
    """Puts the school's next day end on the worklist, with the caller's transaction."""
    upcoming = next_end(calendar, now)
    if upcoming is None:
        return
    day, at = upcoming
    item = uuid.uuid5(NAMESPACE, f"day-end/{school}/{day}")
    await day_ends.add(connection, item, school, day)
    await worklist.add(connection, KIND, item, at, now, by_calendar=True)


@dataclass(frozen=True)
class DayEndTask:
    """Has the running term folded again once its day has ended."""

    engine: AsyncEngine
    clock: Clock = utc_now
    kind: ClassVar = KIND
    backoff: ClassVar = Backoff(timedelta(seconds=5), timedelta(minutes=5), most_attempts=None)
    lease: ClassVar = timedelta(minutes=1)

    async def perform(self, item: WorkItem) -> Outcome:
        """Asks for the recalculation, and schedules the next day's end."""
        now = self.clock()
        async with self.engine.begin() as connection:
            day_end = await day_ends.get(connection, item.id)
            if day_end is None:
                return Done("no such day")
            number, day = day_end
            await schools.lock(connection, [number])
            (school,) = await schools.get(connection, [number])
            if not school.blanks_are_truant:
                return Done("the school no longer reads blanks as truant")
            calendar = calendar_of(school)
            term = calendar.term_on(day)
            if term is not None:
                end = datetime.combine(day, END_OF_DAY, ZoneInfo(calendar.timezone))
                await request_recalculation(connection, number, [term.name], cause="day-end", version=end, now=now)
            await schedule(connection, number, calendar, now)
        return Done()
