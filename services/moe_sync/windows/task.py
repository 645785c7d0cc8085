"""Closes windows: builds the uploads of many schools' weeks in one transaction, and puts down the weeks after."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.moe_sync.roster.repository import schools
from services.moe_sync.roster.week import term_of
from services.moe_sync.uploads.building import Wanted, build
from services.moe_sync.windows import repository as windows
from services.moe_sync.windows.repository import Window
from services.moe_sync.windows.scheduling import Scheduler, Slot
from shared.clock import Clock, utc_now
from shared.db.errors import is_transient
from shared.leases.lease import FenceLostError

log = structlog.get_logger()

AT_ONCE: Final = 100
"""Windows of one transaction. All schools close together: a round trip to the database for each would take longer than the work."""

RETRY_AFTER: Final = timedelta(minutes=5)
"""For a window that could not be built although the database is there: a person has to look, and finds it among the overdue."""

Prove = Callable[[AsyncConnection], Awaitable[None]]
"""Proves in a transaction that this worker still schedules. Raises FenceLostError."""


@dataclass
class WindowTask:
    """Closes what is due. One that can't be built keeps no other from being built: it is tried again later, alone."""

    engine: AsyncEngine
    scheduler: Scheduler
    clock: Clock = utc_now

    async def close_due(self, prove: Prove, most: int = AT_ONCE) -> int:
        """Closes up to `most` windows that are due, each school's earliest; answers how many were dealt with."""
        async with self.engine.connect() as connection:
            now = self.clock()
            due = await windows.due(connection, now, now + RETRY_AFTER, most)
        if not due:
            return 0
        try:
            async with self.engine.begin() as connection:
                await prove(connection)
                await self._close(connection, due)
        except FenceLostError:
            raise
        except Exception as error:
            if is_transient(error) or len(due) == 1:
                await self._failed(error, due, prove)
            else:
                log.warning("windows.one_by_one", windows=len(due), error=type(error).__name__)
                await self._one_by_one(due, prove)
        return len(due)

    async def restart_chains(self, prove: Prove, most: int = AT_ONCE) -> int:
        """Gives schools without an open window their next one; answers how many schools were looked at."""
        after, looked_at = "", 0
        while True:
            now = self.clock()
            async with self.engine.begin() as connection:
                await prove(connection)
                missing = await schools.without_window(connection, after, most)
                if not missing:
                    return looked_at
                locked = await schools.lock_many(connection, missing)
                newest = await windows.newest_of(connection, missing)
                slots = {number: self.scheduler.next_slot(school, now, newest.get(number)) for number, school in locked.items()}
                done = await windows.done_of(connection, [slot.id for slot in slots.values() if slot is not None])
                for number, slot in slots.items():
                    # Closed before the school moved its close to a later hour of the week.
                    if slot is not None and slot.id in done:
                        slots[number] = self.scheduler.slot_from(locked[number], slot.week.following())
                await windows.add(connection, [slot for slot in slots.values() if slot is not None])
                await schools.rest(connection, [number for number, slot in slots.items() if slot is None])
            after, looked_at = missing[-1], looked_at + len(missing)

    async def move_all(self, prove: Prove, most: int = AT_ONCE) -> None:
        """Moves all open windows to where the settings have them now."""
        after = ""
        while True:
            async with self.engine.begin() as connection:
                await prove(connection)
                open_windows = await windows.open_of(connection, after, most)
                locked = await schools.lock_many(connection, sorted({window.school for window in open_windows}))
                slots = [self.scheduler.slot(locked[window.school], window.week) for window in open_windows if window.school in locked]
                await windows.add(connection, slots)
            if not open_windows:
                return
            after = open_windows[-1].school

    async def _close(self, connection: AsyncConnection, due: Sequence[Window]) -> None:
        now = self.clock()
        locked = await schools.lock_many(connection, sorted({window.school for window in due}))
        # Asked again under the locks: the leader before may have closed some meanwhile.
        still_open = await windows.still_open(connection, [window.id for window in due])
        open_ = [window for window in due if window.id in still_open]
        wanted: list[Wanted] = []
        following: list[Slot] = []
        resting: list[str] = []
        for window in open_:
            school = locked[window.school]
            term = term_of(window.week, school.terms)
            # None for one that was scheduled by an older calendar.
            if term is not None:
                wanted.append(Wanted(school, window.week, term, self.scheduler.closes_at(school, window.week)))
            slot = self.scheduler.slot_from(school, window.week.following())
            if slot is None:
                resting.append(window.school)
            else:
                following.append(slot)
        built = await build(connection, wanted, now)
        await windows.finish(connection, [window.id for window in open_], now)
        await windows.add(connection, following)
        await schools.rest(connection, resting)
        log.info("windows.closed", windows=len(open_), built=len(built))

    async def _one_by_one(self, due: Sequence[Window], prove: Prove) -> None:
        for window in due:
            try:
                async with self.engine.begin() as connection:
                    await prove(connection)
                    await self._close(connection, [window])
            except FenceLostError:
                raise
            except Exception as error:
                await self._failed(error, [window], prove)

    async def _failed(self, error: Exception, due: Sequence[Window], prove: Prove) -> None:
        if is_transient(error):
            raise error
        (window,) = due
        log.error("window.failed", school=window.school, week=str(window.week), exc_info=error)
        await self._postpone(window.id, self.clock(), type(error).__name__, prove)

    async def _postpone(self, window: uuid.UUID, now: datetime, problem: str, prove: Prove) -> None:
        async with self.engine.begin() as connection:
            await prove(connection)
            await windows.postpone(connection, window, now + RETRY_AFTER, problem)
