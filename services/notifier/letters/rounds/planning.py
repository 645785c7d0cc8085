"""Keeps the schedules of rounds in step with schools' choices and calendars. The caller owns the transaction."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.contact import School
from services.notifier.contacts.repository import contacts
from services.notifier.letters.family_news import FamilyNewsChoices, next_round
from services.notifier.letters.policy import Policy
from services.notifier.letters.repository import policies
from services.notifier.letters.rounds import repository as rounds
from services.notifier.letters.rounds.repository import RoundSchedule


async def choose(connection: AsyncConnection, school: str, choices: FamilyNewsChoices, now: datetime) -> None:
    """A school has chosen: where it wants no such letters, and never did, nothing is kept."""
    if choices.statement is not None or choices.good_news is not None:
        await rounds.create(connection, school)
    await replan(connection, [school], now)


async def replan(connection: AsyncConnection, schools: Collection[str], now: datetime) -> None:
    """The schools' choices, or their calendars, may have changed."""
    found = await rounds.schedules(connection, schools)
    if not found:
        return
    chosen = await policies.current_of(connection, {schedule.school for schedule in found})
    sent = await contacts.schools(connection, {schedule.school for schedule in found})
    for schedule in found:
        choices = chosen.get(schedule.school, Policy())
        await plan(connection, schedule, schedule, choices, sent.get(schedule.school), now)


async def plan(
    connection: AsyncConnection,
    before: RoundSchedule,
    after: RoundSchedule,
    choices: FamilyNewsChoices,
    school: School | None,
    now: datetime,
) -> None:
    """Plans the next round of a locked schedule."""
    coming = None if school is None else next_round(choices, school.calendar(), now, after.last_on)
    on, at = (None, None) if coming is None or school is None else (coming.on, coming.at(school.calendar()))
    after = replace(after, next_on=on, due_at=at)
    if after != before:
        await rounds.plan(connection, before, after, now)
