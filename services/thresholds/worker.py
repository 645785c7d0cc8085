"""The heart's worker: marks into the register, schools and students into our copies, events out."""

import asyncio
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.casework.retention import retention_rules as casework_kept
from services.thresholds.contacts.erasing import erase as erase_contacts
from services.thresholds.crossings.erasing import erase as erase_crossings
from services.thresholds.crossings.handler import GROUP as MARKS_GROUP
from services.thresholds.crossings.handler import MarksHandler
from services.thresholds.data_quality.handler import REPORTED_KEPT_FOR, DeadLettersHandler
from services.thresholds.data_quality.repository import reported_letters
from services.thresholds.feed import repository as feed
from services.thresholds.feed.archive import FEED_KEPT_FOR, archive
from services.thresholds.good_news.handler import StatementsHandler
from services.thresholds.letters.erasing import erase as erase_letters
from services.thresholds.letters.handler import LettersHandler
from services.thresholds.meetings.erasing import erase as erase_meetings
from services.thresholds.plans.task import PlanReviewTask
from services.thresholds.recalculation import calendar_changes
from services.thresholds.recalculation.day_ends import DayEndTask
from services.thresholds.recalculation.days_to_keep import DaysToKeep
from services.thresholds.recalculation.enrolment_changes import EnrolmentChanges
from services.thresholds.recalculation.handler import ProposalsHandler
from services.thresholds.recalculation.identity_changes import IdentityChanges, RegroupingTask
from services.thresholds.recalculation.retention import retention_rules as recalculations_kept
from services.thresholds.recalculation.task import RecalculationTask
from services.thresholds.records.erasing import erase as erase_records
from services.thresholds.records.retention import retention_rules as records_kept
from services.thresholds.register.folding import Folder
from services.thresholds.reminders import task as reminders
from services.thresholds.reminders.retention import retention_rules as reminders_kept
from services.thresholds.replies.erasing import erase as erase_replies
from services.thresholds.replies.handler import RepliesHandler
from services.thresholds.roster.calendars import CalendarCache
from services.thresholds.roster.erasing import erase as erase_roster
from services.thresholds.roster.handler import RosterHandler
from services.thresholds.roster.repository import rolls
from services.thresholds.roster.repository.rolls import PAST_ROLLS_KEPT_FOR
from services.thresholds.settings import SCHEMA, ThresholdsSettings
from services.thresholds.support_plans.erasing import erase as erase_support_plans
from services.thresholds.transfers.erasing import erase as erase_transfers
from services.thresholds.transfers.retention import retention_rules as transfers_kept
from shared.attendance.codes import CodeTable
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.erasures.erasure import Erase
from shared.erasures.handler import ErasuresHandler
from shared.events import topics
from shared.events.data import SchoolUpdated
from shared.retention import Rule
from shared.supervisor import supervise
from shared.telemetry.progress import Progress
from shared.worker import worker_parts
from shared.worklist.retention import gone_with_their_items
from shared.worklist.tasks import Task

RECALCULATIONS_AT_ONCE: Final = 2
"""Schools whose rows are folded again at one time; marks keep the rest of the processor."""

ROOMS: Final[tuple[Erase, ...]] = (
    erase_roster,
    erase_crossings,
    erase_records,
    erase_contacts,
    erase_meetings,
    erase_support_plans,
    erase_replies,
    erase_letters,
    erase_transfers,
)
"""The rooms of this service that hold personal data."""


async def follow_school(connection: AsyncConnection, before: SchoolUpdated | None, after: SchoolUpdated, now: datetime) -> None:
    """The work that follows a school's new calendar and a new list of staff."""
    await calendar_changes.follow(connection, before, after, now)
    await reminders.follow(connection, after, now)


def roster_handler(box: DeadLetterBox, clock: Clock, folder: Folder) -> RosterHandler:
    """The roster's handler, with the work that follows a new calendar and changed dates of students."""
    identities = IdentityChanges(folder, CalendarCache()).follow
    followed = EnrolmentChanges(folder, CalendarCache()).follow
    return RosterHandler(box, clock, calendar_changed=follow_school, enrolments_changed=followed, identities_changed=identities)


def kept(settings: ThresholdsSettings) -> tuple[Rule, ...]:
    """How long this service keeps what, beside the rules that all services share."""
    return (
        *records_kept(settings.register_kept),
        *casework_kept(settings.register_kept),
        *transfers_kept(settings.register_kept),
        Rule("past-rolls", PAST_ROLLS_KEPT_FOR, rolls.forget_before, tables=("past_rolls",)),
        *recalculations_kept(settings.work_kept),
        gone_with_their_items("plan-reviews", "plan_reviews"),
        *reminders_kept(),
        Rule("feed", FEED_KEPT_FOR, feed.forget_before, tables=("feed",)),
        Rule("reported-dead-letters", REPORTED_KEPT_FOR, reported_letters.forget_before, tables=("reported_dead_letters",)),
    )


async def run_worker(
    settings: ThresholdsSettings, stop: asyncio.Event, *, progress: Progress | None = None, clock: Clock = utc_now
) -> None:
    """Works until `stop` is set."""
    codes = CodeTable.load(settings.attendance_codes)
    async with worker_parts(SCHEMA, settings, progress or Progress(), clock) as parts:
        box = DeadLetterBox(SCHEMA)
        # Marks are folded whatever the clock says; but days that may not have been yet are not blank.
        folder = Folder(codes, parts.watch.as_believed)
        roster = roster_handler(box, clock, folder)
        marks = MarksHandler(box, clock, folder=folder, school_wait=settings.school_wait)
        tasks: list[Task] = [
            RecalculationTask(parts.engine, folder, CalendarCache(), clock),
            DayEndTask(parts.engine, clock),
            RegroupingTask(parts.engine, folder, CalendarCache(), clock),
            PlanReviewTask(parts.engine, clock),
            reminders.RemindersTask(parts.engine, clock),
        ]
        keeping = parts.progress.loop(f"{SCHEMA}.days")
        loops = {
            "erasures": parts.consume("erasures", [topics.ERASURES], ErasuresHandler(box, clock, rooms=ROOMS)),
            "roster": parts.consume("roster", [topics.SCHOOLS, topics.STUDENTS], roster),
            "marks": parts.consume(MARKS_GROUP, [topics.MARKS], marks),
            "proposals": parts.consume("proposals", [topics.PROPOSALS], ProposalsHandler(box, clock, folder=folder)),
            "replies": parts.consume("replies", [topics.REPLIES], RepliesHandler(box, clock)),
            "letters": parts.consume("letters", [topics.LETTERS], LettersHandler(box, clock)),
            "statements": parts.consume("statements", [topics.STATEMENT_REQUESTS], StatementsHandler(box, clock, codes=codes)),
            "dead-letters": parts.consume("dead-letters", [topics.DEAD_LETTERS], DeadLettersHandler(box, clock)),
            "days": lambda stop: DaysToKeep(parts.engine, folder, clock=clock).run(stop, keeping),
            "work": parts.work(tasks, concurrency=RECALCULATIONS_AT_ONCE, regardless=[RecalculationTask.kind]),
            "relay": parts.relay(archive),
            "retention": parts.retention(kept(settings)),
            "bells": parts.bells(),
            "clock": parts.clock_watch(),
        }
        await supervise(loops, stop)
