"""A school with a student above a threshold, as each service knows them: the school and the student that made-up records name."""

import itertools
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.moe_sync.items.handler import RecordsHandler
from services.moe_sync.roster.week import Closing
from services.moe_sync.windows.handler import SchoolsHandler
from services.moe_sync.windows.scheduling import Scheduler
from services.notifier import worker as notifier_worker
from services.notifier.letters.handlers.crossings import CrossingsHandler
from services.thresholds import worker as thresholds_worker
from services.thresholds.crossings.handler import MarksHandler
from services.thresholds.register.folding import Folder
from shared.attendance.codes import CodeTable
from shared.bus.interface import Message
from shared.deadletters.box import DeadLetterBox
from shared.events.catalogue import MARKS_RECORDED, SCHOOL_UPDATED, STUDENT_UPDATED, EventType
from shared.events.data import Caregiver, MarksRecorded, SchoolUpdated, StudentUpdated, TermDates
from shared.events.envelope import Event
from tests.integration.anything.records import NOW, SCHOOL, STUDENT_ID
from tests.integration.thresholds.conftest import FIRST_DAY, absences
from tests.support.applied import Applied
from tests.support.crossings import up

STUDENT: Final = "1"
TERM: Final = TermDates("2026-T4", FIRST_DAY, FIRST_DAY + timedelta(days=67))

_offsets = itertools.count(1)


def _message(event: Event) -> Message:
    sent = event.encode()
    return Message(sent.topic, 0, next(_offsets), sent.key, sent.value, sent.headers)


def _event(kind: EventType, subject: str, data: Any) -> Message:
    return _message(Event(kind, f"seed-{kind.name}", "/test", NOW, subject, data))


async def seed(service: str, engine: AsyncEngine) -> None:
    """Tells the service of them, through its own handlers."""
    school = _event(SCHOOL_UPDATED, SCHOOL, SchoolUpdated(school=SCHOOL, name="Example Kura", terms=[TERM], updated_at=NOW))
    student = _event(
        STUDENT_UPDATED,
        str(STUDENT_ID),
        StudentUpdated(
            school=SCHOOL,
            student=STUDENT,
            student_id=STUDENT_ID,
            given_name="Hemi",
            family_name="Example",
            caregivers=[Caregiver(name="Mere Example", email="mere@example.test")],
            updated_at=NOW,
        ),
    )
    marks = _event(MARKS_RECORDED, SCHOOL, MarksRecorded(SCHOOL, "test", NOW, absences(12, student=STUDENT)))
    crossing = _message(up(5, 12, to="yellow", student=STUDENT, said_at=NOW))
    box, folder = DeadLetterBox(service), Folder(CodeTable.load())
    match service:
        case "thresholds":
            await Applied(engine, thresholds_worker.roster_handler(box, lambda: NOW, folder))([school, student])
            await Applied(engine, MarksHandler(box, lambda: NOW, folder=folder, school_wait=timedelta(0)))([marks])
        case "notifier":
            await Applied(engine, notifier_worker.roster_handler(box, lambda: NOW))([school, student])
            await Applied(engine, CrossingsHandler(box, lambda: NOW, hold=timedelta(hours=1)))([crossing])
        case "moe_sync":
            scheduler = Scheduler(Closing.parse("friday 18:00"), timedelta(0))
            await Applied(engine, SchoolsHandler(box, lambda: NOW, scheduler=scheduler))([school])
            await Applied(engine, RecordsHandler(box, lambda: NOW))([crossing])
