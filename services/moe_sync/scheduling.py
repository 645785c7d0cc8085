"""Puts a school's next window on the worklist. Each week's work item makes the next one: a chain that an outage only makes late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.repository import schools
from services.moe_sync.schools import School
from services.moe_sync.windows import Closing, Week, closes_at, next_in_term, next_to_close
from shared.identifiers import window_id
from shared.worklist import repository as worklist

WINDOW: Final = "window"
"""The kind of work that builds a week's upload once its window has closed."""


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Knows when windows close, and how long after that they are built."""

    closing: Closing
    lag: timedelta

    def due_at(self, school: School, week: Week) -> datetime:
        """When a school's week is built."""
        return closes_at(week, school.zone, self.closing) + self.lag

    async def schedule_now(self, connection: AsyncConnection, school: School, now: datetime) -> None:
        """Schedules the running week, or the next one in a term. The caller holds the school's lock."""
        await self.schedule_from(connection, school, next_to_close(now, school.zone, self.closing), now)

    async def schedule_from(self, connection: AsyncConnection, school: School, week: Week, now: datetime) -> None:
        """Schedules the first week from this one on that lies in a term, or moves it to where it is due now."""
        next_week = next_in_term(week, school.terms)
        if next_week is None:
            return
        item = window_id(school.school, str(next_week))
        due_at = self.due_at(school, next_week)
        await schools.add_window(connection, item, school.school, next_week)
        if not await worklist.add(connection, WINDOW, item, due_at, now):
            await worklist.reschedule(connection, item, due_at)
