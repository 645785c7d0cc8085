"""The heart: the register of each student and term, STAR records and responses, the events feed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from services.thresholds.analysis import api as analysis
from services.thresholds.attendance import api as attendance
from services.thresholds.attendance.students import api as students
from services.thresholds.contacts import api as contacts
from services.thresholds.data_quality import api as data_quality
from services.thresholds.data_quality.issue_counts import IssueCounts
from services.thresholds.evidence import api as evidence
from services.thresholds.feed import api as feed
from services.thresholds.feed.repository import CHANNEL
from services.thresholds.feed.rounds import Rounds
from services.thresholds.feed.streams import Streams
from services.thresholds.flat_tables import api as flat_tables
from services.thresholds.good_news import api as good_news
from services.thresholds.meetings import api as meetings
from services.thresholds.plan_review import api as plan_reviews
from services.thresholds.plans.activities import api as activities
from services.thresholds.plans.api import publishing, versions
from services.thresholds.public_plan import api as public_plans
from services.thresholds.public_plan.progress import ShareCache
from services.thresholds.recalculation import api as recalculations
from services.thresholds.records.due_days import api as due_days
from services.thresholds.records.history import api as history
from services.thresholds.records.holds import api as holds
from services.thresholds.records.responses import api as responses
from services.thresholds.records.responses.bulk import api as bulk_responses
from services.thresholds.records.star_records import api as star_records
from services.thresholds.register.kept_days import DayKeeper
from services.thresholds.replies import api as replies
from services.thresholds.reports import api as reports
from services.thresholds.roster.lookup import zone_of
from services.thresholds.schools import api as schools
from services.thresholds.settings import SCHEMA, ThresholdsSettings
from services.thresholds.staff import api as staff
from services.thresholds.state import ThresholdsState
from services.thresholds.support_plans import api as support_plans
from services.thresholds.transfers import api as transfers
from services.thresholds.transfers.signing import Keyring
from services.thresholds.trend import api as trend
from services.thresholds.work import api as work
from services.thresholds.work.watch import api as watch
from shared.attendance.api import attendance_codes_router
from shared.attendance.codes import CodeTable
from shared.audit.api import audit_router
from shared.clock import Clock, utc_now
from shared.db.listen import Broadcast, listening
from shared.deadletters.api import dead_letters_router
from shared.deadletters.box import DeadLetterBox
from shared.erasures.api import erasures_router
from shared.telemetry.progress import Progress
from shared.web.service import create_service_app
from shared.web.state import open_resources


def create_app(settings: ThresholdsSettings, *, progress: Progress | None = None, clock: Clock = utc_now) -> FastAPI:
    """The heart's app. `progress` is shared with the workers of the same process, where there are any."""

    codes = CodeTable.load(settings.attendance_codes)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[ThresholdsState]:
        feed_bell = Broadcast()
        async with (
            open_resources(SCHEMA, settings, progress, clock) as resources,
            listening(settings.database_url, {CHANNEL: feed_bell.ring}),
        ):
            state = ThresholdsState(
                **resources,
                settings=settings,
                codes=codes,
                keeper=DayKeeper(codes),
                feed_bell=feed_bell,
                feed_streams=Streams(settings.feed_streams, settings.feed_streams_each),
                feed_rounds=Rounds(resources["engine"], clock),
                regular_shares=ShareCache(),
                keyring=Keyring.of(settings.transfer_key_file, settings.transfer_trust),
                issue_counts=IssueCounts(),
            )
            async with state.issue_counts.counting(partial(data_quality.count_issues, state)):
                yield state

    routers = [
        # Routes are tried in order, and no other endpoint is asked by so many, so often.
        feed.router,
        schools.router,
        attendance.router,
        students.router,
        recalculations.router,
        work.router,
        staff.router,
        watch.router,
        good_news.router,
        data_quality.router,
        analysis.router,
        trend.router,
        reports.router,
        flat_tables.router,
        star_records.router,
        responses.router,
        bulk_responses.router,
        history.router,
        holds.router,
        contacts.router,
        meetings.router,
        support_plans.router,
        replies.router,
        evidence.router,
        activities.router,
        due_days.router,
        audit_router(zone_of),
        transfers.router,
        versions.router,
        plan_reviews.router,
        publishing.router,
        public_plans.router,
        attendance_codes_router(),
        erasures_router(),
        dead_letters_router(DeadLetterBox(SCHEMA)),
    ]
    return create_service_app("thresholds", "Absence totals, STAR records and crossing events", lifespan, routers, settings)
