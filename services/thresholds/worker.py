"""The heart's worker: marks into the register, schools and students into our copies, events out."""

import asyncio
from typing import Final

from services.thresholds.crossings.handler import GROUP as MARKS_GROUP
from services.thresholds.crossings.handler import MarksHandler
from services.thresholds.data_quality.handler import REPORTED_KEPT_FOR, DeadLettersHandler
from services.thresholds.data_quality.repository import reported_letters
from services.thresholds.feed import repository as feed
from services.thresholds.feed.archive import FEED_KEPT_FOR, archive
from services.thresholds.plans.task import PlanReviewTask
from services.thresholds.recalculation import calendar_changes
from services.thresholds.recalculation.day_ends import DayEndTask
from services.thresholds.recalculation.enrolment_changes import EnrolmentChanges
from services.thresholds.recalculation.task import RecalculationTask
from services.thresholds.register.folding import Folder
from services.thresholds.roster.calendars import CalendarCache
from services.thresholds.roster.handler import RosterHandler
from services.thresholds.settings import SCHEMA, ThresholdsSettings
from shared.attendance.codes import CodeTable
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.events import topics
from shared.retention import Rule
from shared.supervisor import supervise
from shared.telemetry.progress import Progress
from shared.worker import worker_parts
from shared.worklist.tasks import Task

RECALCULATIONS_AT_ONCE: Final = 2
"""Schools whose rows are folded again at one time; marks keep the rest of the processor."""


def roster_handler(box: DeadLetterBox, clock: Clock, folder: Folder) -> RosterHandler:
    """The roster's handler, with the work that follows a new calendar and changed dates of students."""
    followed = EnrolmentChanges(folder, CalendarCache()).follow
    return RosterHandler(box, clock, calendar_changed=calendar_changes.follow, enrolments_changed=followed)


async def run_worker(
    settings: ThresholdsSettings, stop: asyncio.Event, *, progress: Progress | None = None, clock: Clock = utc_now
) -> None:
    """Works until `stop` is set."""
    folder = Folder(CodeTable.load(settings.attendance_codes))
    async with worker_parts(SCHEMA, settings, progress or Progress(), clock) as parts:
        box = DeadLetterBox(SCHEMA)
        roster = roster_handler(box, clock, folder)
        marks = MarksHandler(box, clock, folder=folder, school_wait=settings.school_wait)
        tasks: list[Task] = [
            RecalculationTask(parts.engine, folder, CalendarCache(), clock),
            DayEndTask(parts.engine, clock),
            PlanReviewTask(parts.engine, clock),
        ]
        loops = {
            "roster": parts.consume("roster", [topics.SCHOOLS, topics.STUDENTS], roster),
            "marks": parts.consume(MARKS_GROUP, [topics.MARKS], marks),
            "dead-letters": parts.consume("dead-letters", [topics.DEAD_LETTERS], DeadLettersHandler(box, clock)),
            "work": parts.work(tasks, concurrency=RECALCULATIONS_AT_ONCE),
            "relay": parts.relay(archive),
            "retention": parts.retention(
                [
                    Rule("feed", FEED_KEPT_FOR, feed.forget_before),
                    Rule("reported-dead-letters", REPORTED_KEPT_FOR, reported_letters.forget_before),
                ]
            ),
            "bells": parts.bells(),
        }
        await supervise(loops, stop)
