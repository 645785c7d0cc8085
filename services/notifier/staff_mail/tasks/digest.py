"""A school's digest on the morning of a school day: what it reports is settled now. Nothing is sent here."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import ClassVar, Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.contacts.repository import contacts
from services.notifier.contacts.school_days import is_school_day
from services.notifier.staff_mail import digests
from services.notifier.staff_mail.choices import DigestChoice
from services.notifier.staff_mail.repository import choices, movements, notices
from services.notifier.staff_mail.repository.movements import Schedule
from shared.clock import Clock
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome, Retry

BACKOFF: Final = Backoff(timedelta(seconds=2), timedelta(minutes=10), most_attempts=None)

SUPERSEDED: Final = Done("the digest is no longer due by this item")


@dataclass(frozen=True, slots=True)
class DigestTask:
    """Gathers a digest and plans the next, in one transaction: a crash leaves both, or neither."""

    engine: AsyncEngine
    message_id_domain: str
    clock: Clock
    backoff: Backoff = BACKOFF
    lease: timedelta = timedelta(minutes=1)
    kind: ClassVar[str] = movements.WORK_KIND

    async def perform(self, item: WorkItem) -> Outcome:
        """Gathers today's digest; on a day without one, a missed one included, it waits for the next."""
        now = self.clock()
        async with self.engine.begin() as connection:
            schedule = await movements.schedule_of(connection, item.id)
            if schedule is None:
                return SUPERSEDED
            digest = (await choices.current(connection, schedule.school)).digest
            school = await contacts.school(connection, schedule.school)
            if digest is None or school is None:
                await digests.plan(connection, schedule, schedule, digest, school, now)
                return SUPERSEDED
            calendar = school.calendar()
            today = calendar.today(now)
            if schedule.due_at is not None and schedule.due_at > now:
                return Retry("not yet", after=schedule.due_at - now)
            if not is_school_day(calendar, today):
                # The calendar changed, or the day went by without a working service.
                await digests.plan(connection, schedule, schedule, digest, school, now)
                return Done("no school day")
            gathered = await self._gather(connection, schedule, digest, today, now)
            await digests.plan(connection, schedule, replace(schedule, last_on=today), digest, school, now)
        return Done("gathered" if gathered else "nothing moved")

    async def _gather(self, connection: AsyncConnection, schedule: Schedule, digest: DigestChoice, day: date, now: datetime) -> bool:
        if not digest.when_empty and not await movements.is_any(connection, schedule):
            return False
        digest_id = await notices.add_digest(connection, schedule.school, day, digest.to, self.message_id_domain, now)
        if digest_id is None:
            return False
        await movements.take(connection, schedule, digest_id)
        return True
