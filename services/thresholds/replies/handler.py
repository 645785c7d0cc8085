"""Families' replies: one batch of messages, one transaction."""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.casework import repository as casework
from services.thresholds.records import announcements
from services.thresholds.records.history import repository as history
from services.thresholds.records.history.changes import NewStep
from services.thresholds.records.holds import repository as holds
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.replies.reply import FAMILY, hold_of, piece_of
from services.thresholds.roster.repository import schools
from shared.batch import Batch, BatchHandler
from shared.bus.interface import Message
from shared.deadletters.reading import WRONG_TYPE
from shared.events.calendars import calendar_of
from shared.events.data import FamilyReplied
from shared.events.envelope import Event
from shared.moments import repository as moments
from shared.outbox import repository as outbox

log = structlog.get_logger()


@dataclass
class RepliesHandler(BatchHandler):
    """Puts replies on record: on the student's casework, on the STAR record of the letter, and as a hold where the policy wishes one."""

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies a batch. A reply that is read again changes nothing."""
        told: list[tuple[Message, FamilyReplied]] = []
        for message, event in batch.events:
            match event:
                case Event(data=FamilyReplied() as reply):
                    told.append((message, reply))
                case _:
                    batch.refuse(message, WRONG_TYPE, "only replies belong on this topic")
        await schools.lock(connection, sorted({reply.school for _, reply in told}))
        for message, reply in told:
            if not await _keep(connection, reply, batch.now):
                batch.refuse(message, "unknown-school", "the school has not been sent", school=reply.school)


async def _keep(connection: AsyncConnection, told: FamilyReplied, now: datetime) -> bool:
    sent = await schools.get(connection, [told.school])
    if not sent:
        return False
    if await casework.get(connection, "reply", told.reply_id) is not None:
        return True
    calendar = calendar_of(sent[0])
    piece = piece_of(told, calendar.today(told.replied_at))
    record = None if piece.record_id is None else await star_records.get(connection, piece.record_id)
    piece = piece if record is not None else replace(piece, record_id=None)
    await casework.add(connection, piece)
    at = await moments.next_of(connection, told.school, now)
    if record is not None:
        step = NewStep("family-replied", {"choice": (None, told.choice)})
        await history.add(connection, record.id, step, FAMILY, at)
    standing = await holds.standing(connection, told.student_id, told.term, None)
    hold = hold_of(told, standing, calendar.today(now))
    if hold is not None:
        hold = replace(hold, held_at=at)
        if standing is not None:
            await holds.lift(connection, standing.id, FAMILY, at)
        await holds.add(connection, hold)
        await outbox.add(connection, [announcements.letters_held(hold).encode()])
    log.info("reply.recorded", reply=str(told.reply_id), school=told.school, held=hold is not None)
    return True
