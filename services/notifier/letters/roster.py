"""The effect of a change of the roster on letters, in the transaction of the roster's batch."""

import uuid
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.handler import RosterChange
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.letters import no_contact
from services.notifier.letters.case import Case, Draft
from services.notifier.letters.repository import cases, letters
from services.notifier.letters.withdrawing import withdraw
from shared.telemetry import metrics

log = structlog.get_logger()


async def follow_roster(connection: AsyncConnection, change: RosterChange, now: datetime) -> None:
    """A student who left gets no letter, and the words of earlier ones are erased. A letter that waited for an address goes. A letter
    that was put off is looked at again, as the school's calendar may be another."""
    put_off = await letters.put_off_of(connection, change.schools)
    # All at once: two that lock cases one after another could wait for each other.
    locked = await cases.lock_of_students(connection, change.left | change.reachable | put_off)
    for key, case in locked.items():
        if case.student_id in change.left:
            locked[key] = await _end(connection, case, now)
    await deliveries.erase_of_students(connection, change.left)
    await no_contact.try_again(connection, [case for case in locked.values() if case.student_id in change.reachable], now)
    await letters.look_again_at(connection, [case for case in locked.values() if case.student_id in put_off], now)


async def _end(connection: AsyncConnection, case: Case, now: datetime) -> Case:
    """Keeps back what has not gone out."""
    if case.waiting is not None:
        await letters.cancel(connection, case.waiting, "student-left", now)
        metrics.LETTERS.labels("cancelled").inc()
        log.info("letter.cancelled", letter=str(case.waiting.id), reason="student-left")
        case = replace(case, waiting=None)
    draft = Draft(uuid.uuid4(), uuid.uuid4(), now)
    for letter_id in await letters.written_of_case(connection, case):
        case = await withdraw(connection, case, letter_id, "student-left", draft, now)
    return case
