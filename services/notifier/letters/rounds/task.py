"""A school's round: it asks how its students stand. The answers become letters."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.contacts.repository import contacts
from services.notifier.letters.family_news import FamilyNewsChoices, Round, next_round
from services.notifier.letters.repository import policies
from services.notifier.letters.rounds import planning
from services.notifier.letters.rounds import repository as rounds
from shared.clock import Clock
from shared.events.catalogue import STATEMENTS_REQUESTED
from shared.events.data import LetterOccasion, StatementsRequested
from shared.events.envelope import Event
from shared.identifiers import statements_event_id
from shared.outbox import repository as outbox
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome, Retry

log = structlog.get_logger()

BACKOFF: Final = Backoff(timedelta(seconds=2), timedelta(minutes=10), most_attempts=None)

UNASKED: Final = 10
"""The days of a question that is not about students who are back on track."""

SUPERSEDED: Final = Done("the round is no longer due by this item")


@dataclass(frozen=True, slots=True)
class RoundTask:
    """Asks, and plans the next round, in one transaction: a crash leaves both, or neither."""

    engine: AsyncEngine
    clock: Clock
    backoff: Backoff = BACKOFF
    lease: timedelta = timedelta(minutes=1)
    kind: ClassVar[str] = rounds.WORK_KIND

    async def perform(self, item: WorkItem) -> Outcome:
        """Asks for each kind of letter that this day's round is for."""
        now = self.clock()
        async with self.engine.begin() as connection:
            schedule = await rounds.schedule_of(connection, item.id)
            if schedule is None:
                return SUPERSEDED
            policy = await policies.current(connection, schedule.school)
            school = await contacts.school(connection, schedule.school)
            coming = None if school is None else next_round(policy, school.calendar(), now, schedule.last_on)
            if school is None or coming is None or coming.on != schedule.next_on:
                await planning.plan(connection, schedule, schedule, policy, school, now)
                return SUPERSEDED
            if (wait := coming.at(school.calendar()) - now) > timedelta(0):
                return Retry("not yet", after=wait)
            asked = [_event(schedule.school, coming, occasion, policy, now) for occasion in coming.occasions]
            await outbox.add(connection, [event.encode() for event in asked])
            await planning.plan(connection, schedule, replace(schedule, last_on=coming.on), policy, school, now)
        log.info("statements.requested", school=schedule.school, occasions=list(coming.occasions))
        return Done(f"asked for {', '.join(coming.occasions)}")


def _event(school: str, coming: Round, occasion: LetterOccasion, choices: FamilyNewsChoices, now: datetime) -> Event:
    news, statement = choices.good_news, choices.statement
    data = StatementsRequested(
        school=school,
        term=coming.term,
        occasion=occasion,
        on=coming.on,
        clear_days=(news.back_on_track if news is not None else None) or UNASKED,
        compared=statement is not None and statement.compare,
        requested_at=now,
    )
    event_id = statements_event_id(school, coming.term, occasion, coming.on)
    return Event(STATEMENTS_REQUESTED, str(event_id), "/notifier", now, school, data)
