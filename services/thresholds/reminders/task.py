"""The reminders of a school's staff on the morning of a school day, and the plan of the next."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.thresholds.crossings.approaching import HALF_DAYS_NEAR
from services.thresholds.records.showing import SchoolContext, context_of
from services.thresholds.reminders import repository as reminders
from services.thresholds.reminders.repository import Morning
from services.thresholds.roster.repository import schools, students
from services.thresholds.staff.holding import Placement, holder
from services.thresholds.work.gathering import DUTIES, casework_waiting, held_by, records_waiting
from services.thresholds.work.items import WorkItem
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.tiers import near_threshold
from shared.clock import Clock, instant, utc_now
from shared.events.calendars import calendar_of
from shared.events.catalogue import DUTIES_DUE
from shared.events.data import DutiesDue, Duty, NearStep, SchoolUpdated
from shared.events.envelope import Event, new_event_id
from shared.identifiers import NAMESPACE, SchoolNumber, student_id
from shared.outbox import repository as outbox
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem as Claimed
from shared.worklist.tasks import Backoff, Done, Outcome

KIND: Final = "reminders"

MOST_ITEMS: Final = 5_000
"""Records, and pieces of casework, of one school that are looked at: more than wait at the largest."""

MOST_NAMED: Final = 100
"""Things in one event: the most pressing ones. The count has all."""


def next_morning(school: SchoolUpdated, calendar: SchoolCalendar, now: datetime) -> tuple[Morning, datetime] | None:
    """The next reminders of a school, and their moment; None for a school without reminders, and where its terms are over."""
    if school.staff is None or school.staff.remind_at is None or not school.staff.people:
        return None
    today, zone = calendar.today(now), ZoneInfo(calendar.timezone)
    for term in calendar.terms:
        if term.end < today:
            continue
        for day in calendar.school_days(term):
            if day >= today and (at := instant(day, school.staff.remind_at, zone)) > now:
                return Morning(school.school, day, school.staff.remind_at), at
    return None


async def follow(connection: AsyncConnection, school: SchoolUpdated, now: datetime) -> None:
    """Plans the next reminders, in the transaction that keeps the school."""
    upcoming = next_morning(school, calendar_of(school), now)
    if upcoming is None:
        return
    morning, at = upcoming
    item = uuid.uuid5(NAMESPACE, f"reminders/{morning.school}/{morning.day}/{morning.at}")
    await reminders.add(connection, item, morning)
    await worklist.add(connection, KIND, item, at, now, by_calendar=True)


@dataclass(frozen=True)
class RemindersTask:
    """Says what has newly come to each member of staff. An event and the note that it was said go in one transaction."""

    engine: AsyncEngine
    clock: Clock = utc_now
    kind: ClassVar = KIND
    backoff: ClassVar = Backoff(timedelta(seconds=5), timedelta(minutes=5), most_attempts=None)
    lease: ClassVar = timedelta(minutes=2)

    async def perform(self, item: Claimed) -> Outcome:
        """Says it, unless the day is over, or the school has chosen another time since; and plans the next morning."""
        now = self.clock()
        async with self.engine.begin() as connection:
            morning = await reminders.get(connection, item.id)
            if morning is None:
                return Done("no such morning")
            await schools.lock(connection, [morning.school])
            (school,) = await schools.get(connection, [morning.school])
            context = await context_of(connection, SchoolNumber(morning.school), now)
            wanted = school.staff is not None and school.staff.remind_at == morning.at and context.today == morning.day
            said = await say(connection, school, context) if wanted else 0
            await follow(connection, school, now)
        return Done(f"said to {said}" if wanted else "another day, or another time")


async def say(connection: AsyncConnection, school: SchoolUpdated, context: SchoolContext) -> int:
    """Says to each member of staff who has an address what they have not been told of, and who of theirs is near a threshold; answers to
    how many."""
    term = context.calendar.current_or_last_term(context.today)
    if term is None:
        return 0
    found = [
        *await records_waiting(connection, school, term, context, None, MOST_ITEMS),
        *await casework_waiting(connection, school, context, None, MOST_ITEMS),
    ]
    ready = [one for one in found if one.kind in DUTIES and one.due is not None and one.due <= context.today]
    of_account: dict[str, list[Duty]] = {}
    ids: dict[str, list[uuid.UUID]] = {}
    for one in sorted(ready, key=lambda one: one.key):
        holder = held_by(school, one, context)
        if holder is not None and holder.member.email is not None:
            account = holder.member.account
            of_account.setdefault(account, []).append(_duty(school, one, from_others=holder.from_others))
            ids.setdefault(account, []).append(duty_id(one))
    near = await _near(connection, school, term, context) if context.today in term else {}
    events = []
    for account in sorted({*of_account, *near}):
        duties, steps = of_account.get(account, []), near.get(account, {})
        new = await reminders.tell(connection, school.school, account, [*ids.get(account, []), *steps], context.now)
        if new:
            named = [duty for duty, id_ in zip(duties, ids.get(account, []), strict=True) if id_ in new]
            close = [step for id_, step in steps.items() if id_ in new]
            events.append(_event(school, account, named, close, len(duties), context))
    await outbox.add(connection, [event.encode() for event in events])
    return len(events)


def duty_id(item: WorkItem) -> uuid.UUID:
    """The identity of a thing that a person is told of once: the record, the reply, the meeting, this review, these actions.

    A record is one thing before its due day and after it; another review, and another action that falls due, are others.
    """
    if item.record is not None and item.kind != "family-reply":
        return uuid.uuid5(NAMESPACE, f"duty/record/{item.record.id}/{item.record.sequence}")
    return uuid.uuid5(NAMESPACE, f"duty/{item.kind}/{item.piece}/{item.newest or item.due}")


def _duty(school: SchoolUpdated, item: WorkItem, *, from_others: bool) -> Duty:
    assert item.student is not None and item.due is not None
    return Duty(
        kind=DUTIES[item.kind],
        student_id=student_id(SchoolNumber(school.school), item.student),
        due=item.due,
        threshold=item.record.threshold if item.record is not None else None,
        from_others=from_others,
    )


async def _near(
    connection: AsyncConnection, school: SchoolUpdated, term: Term, context: SchoolContext
) -> dict[str, dict[uuid.UUID, NearStep]]:
    """The students near a threshold, by the account of the person whose they are, each with the identity of what is said."""
    found = await reminders.near(connection, school.school, term.name, HALF_DAYS_NEAR)
    people = await students.of_ids(connection, [student_id(SchoolNumber(school.school), student) for student, _ in found])
    steps: dict[str, dict[uuid.UUID, NearStep]] = {}
    for student, half_days in found:
        identity, threshold = student_id(SchoolNumber(school.school), student), near_threshold(half_days, HALF_DAYS_NEAR)
        if (person := people.get(identity)) is None or threshold is None:
            continue
        whose = holder(school.staff, None, Placement(person.year_level, frozenset(person.groups)), 0, context.today)
        if whose is not None and whose.member.email is not None:
            said = uuid.uuid5(NAMESPACE, f"duty/near/{identity}/{term.name}/{threshold}")
            step = NearStep(student_id=identity, threshold=threshold, absent_half_days=half_days)
            steps.setdefault(whose.member.account, {})[said] = step
    return steps


def _event(school: SchoolUpdated, account: str, duties: list[Duty], near: list[NearStep], waiting: int, context: SchoolContext) -> Event:
    data = DutiesDue(
        school=school.school,
        account=account,
        day=context.today,
        duties=duties[:MOST_NAMED],
        near=near[:MOST_NAMED],
        waiting=waiting,
        noticed_at=context.now,
    )
    return Event(DUTIES_DUE, new_event_id(), "/thresholds", context.now, school.school, data)
