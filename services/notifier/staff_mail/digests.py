"""When a school's next digest goes: kept in step with its policy and its calendar. The caller owns the transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts import repository as contacts
from services.notifier.contacts.contact import School
from services.notifier.letters.policy import Digest, Policy, next_digest
from services.notifier.staff_mail.repository import movements
from services.notifier.staff_mail.repository.movements import Schedule
from shared.clock import instant


async def begin(connection: AsyncConnection, school: str, digest: Digest, now: datetime) -> None:
    """A school that had no digest gets one. Nobody wants to read what moved before; asked for after its hour, the first goes on the next
    school day."""
    await movements.create(connection, Schedule(school, since=now))
    known = await contacts.school(connection, school)
    for schedule in await movements.schedules(connection, [school]):
        last_on = schedule.last_on
        if known is not None:
            zone = ZoneInfo(known.calendar().timezone)
            today = now.astimezone(zone).date()
            last_on = today if instant(today, digest.at, zone) <= now else last_on
        await plan(connection, schedule, replace(schedule, since=now, last_on=last_on), digest, known, now)


async def replan(connection: AsyncConnection, schools: Sequence[str], policies: Mapping[str, Policy], now: datetime) -> None:
    """Schools' policies, or their calendars, may have changed."""
    for schedule in await movements.schedules(connection, schools):
        digest = policies.get(schedule.school, Policy()).digest
        await plan(connection, schedule, schedule, digest, await contacts.school(connection, schedule.school), now)


async def plan(
    connection: AsyncConnection, before: Schedule, after: Schedule, digest: Digest | None, school: School | None, now: datetime
) -> None:
    """Plans the next digest of a locked schedule; a school that has not been heard of yet is planned for when it is."""
    found = next_digest(digest, school.calendar(), now, after.last_on) if digest is not None and school is not None else None
    after = replace(after, next_on=found[0] if found else None, due_at=found[1] if found else None)
    if after != before:
        await movements.plan(connection, before, after, now)
