"""The review of a published plan: announced once some time ahead, and once on its day."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.thresholds.plans import repository as plans
from services.thresholds.plans.repository import PlanVersion
from services.thresholds.roster.repository import schools
from shared.attendance.calendar import SchoolCalendar
from shared.clock import Clock, utc_now
from shared.events.catalogue import PLAN_REVIEW_DUE
from shared.events.data import PlanReviewDue
from shared.events.envelope import Event
from shared.identifiers import plan_review_id
from shared.outbox import repository as outbox
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome

KIND: Final = "plan-review"

MORNING: Final = time(8)
"""Local time at which a review is announced: when the school's office opens."""

Notice = Literal["ahead", "due"]
NOTICES: Final[tuple[Notice, ...]] = ("ahead", "due")


def notices(review_on: date, notice: timedelta, timezone: str) -> dict[Notice, datetime]:
    """The times to announce a review: `notice` ahead, and on its day; on its day only where there is no time between."""
    zone = ZoneInfo(timezone)
    due = datetime.combine(review_on, MORNING, zone)
    ahead = datetime.combine(review_on - notice, MORNING, zone)
    return {"ahead": ahead, "due": due} if ahead < due else {"due": due}


async def schedule(connection: AsyncConnection, version: PlanVersion, calendar: SchoolCalendar, notice: timedelta, now: datetime) -> None:
    """Puts the review of a version on the worklist, with the transaction that publishes it. A date in the past is due at once."""
    assert version.plan.review_on is not None
    for name, at in notices(version.plan.review_on, notice, calendar.timezone).items():
        item = plan_review_id(version.school, version.version, name)
        await plans.add_review(connection, item, version.school, version.version, name)
        await worklist.add(connection, KIND, item, at, now, by_calendar=True)


async def cancel(connection: AsyncConnection, version: PlanVersion, now: datetime) -> None:
    """Takes the review of a superseded version off the worklist."""
    for name in NOTICES:
        await worklist.cancel(connection, plan_review_id(version.school, version.version, name), now)


@dataclass(frozen=True)
class PlanReviewTask:
    """Announces that the review of the published plan falls due."""

    engine: AsyncEngine
    clock: Clock = utc_now
    kind: ClassVar = KIND
    backoff: ClassVar = Backoff(timedelta(seconds=5), timedelta(minutes=5), most_attempts=None)
    lease: ClassVar = timedelta(minutes=1)

    async def perform(self, item: WorkItem) -> Outcome:
        """Nothing outside the database."""
        return Done()

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Publishes the event in the transaction that settles the item, so that it goes out once, and for a version that still stands."""
        review = await plans.review(connection, item.id) if isinstance(outcome, Done) else None
        if review is None:
            return
        school, number = review
        await schools.lock(connection, [school])
        version = await plans.get(connection, school, number)
        if version is None or version.state != "published" or version.plan.review_on is None:
            return
        now = self.clock()
        data = PlanReviewDue(school=school, version=number, review_on=version.plan.review_on, noticed_at=now)
        await outbox.add(connection, [Event(PLAN_REVIEW_DUE, str(item.id), "/thresholds", now, school, data).encode()])
