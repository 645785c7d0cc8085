"""When a school's next digest goes: kept in step with its choices and its calendar. The caller owns the transaction."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.contact import School
from services.notifier.contacts.repository import contacts
from services.notifier.staff_mail.choices import DigestChoice, next_digest
from services.notifier.staff_mail.repository import choices, movements
from services.notifier.staff_mail.repository.movements import Schedule
from shared.clock import instant


async def begin(connection: AsyncConnection, number: str, digest: DigestChoice, now: datetime) -> None:
    """A school that had no digest gets one, without what moved before. Chosen after its hour, the first goes on the next school day."""
    await movements.create(connection, Schedule(number, since=now))
    school = await contacts.school(connection, number)
    for schedule in await movements.schedules(connection, [number]):
        since = await movements.after_all(connection, number, now)
        last_on = schedule.last_on
        if school is not None:
            zone = ZoneInfo(school.calendar().timezone)
            today = now.astimezone(zone).date()
            last_on = today if instant(today, digest.at, zone) <= now else last_on
        await plan(connection, schedule, replace(schedule, since=since, last_on=last_on), digest, school, now)


async def replan(connection: AsyncConnection, schools: Collection[str], now: datetime) -> None:
    """The schools' choices, or their calendars, may have changed."""
    for schedule in await movements.schedules(connection, schools):
        digest = (await choices.current(connection, schedule.school)).digest
        await plan(connection, schedule, schedule, digest, await contacts.school(connection, schedule.school), now)


async def plan(
    connection: AsyncConnection, before: Schedule, after: Schedule, digest: DigestChoice | None, school: School | None, now: datetime
) -> None:
    """Plans the next digest of a locked schedule. A school that has not been sent yet gets its digest planned when it is."""
    due = next_digest(digest, school.calendar(), now, after.last_on) if digest is not None and school is not None else None
    day, moment = due or (None, None)
    after = replace(after, next_on=day, due_at=moment)
    if after != before:
        await movements.plan(connection, before, after, now)
