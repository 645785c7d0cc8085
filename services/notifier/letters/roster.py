"""The effect of a change of the roster on letters, in the transaction of the roster's batch."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.handler import RosterChange
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.letters import no_contact
from services.notifier.letters.case import Case, Draft
from services.notifier.letters.repository import cases, letters
from services.notifier.letters.rounds import planning
from services.notifier.letters.withdrawing import withdraw
from shared.telemetry import metrics

log = structlog.get_logger()


async def follow_roster(connection: AsyncConnection, change: RosterChange, now: datetime) -> None:
    """A student who left gets no letter, and the words of earlier ones are erased. A letter that waited for an address goes. A letter
    that was put off is looked at again, as the school's calendar may be another."""
    put_off = await letters.put_off_of(connection, change.schools)
    # All at once: two that lock cases one after another could wait for each other.
    locked = await cases.lock_of_students(connection, change.left | change.reachable | put_off)
    left = {key: case for key, case in locked.items() if case.student_id in change.left}
    await _end(connection, list(left.values()), now)
    locked |= {key: replace(case, waiting=None, others=()) for key, case in left.items()}
    await deliveries.erase_of_students(connection, change.left)
    await no_contact.try_again(connection, [case for case in locked.values() if case.student_id in change.reachable], now)
    if change.schools:
        await planning.replan(connection, change.schools, now)
    put_off_letters = letters.put_off_among(case for case in locked.values() if case.student_id in put_off)
    await letters.look_again_at(connection, put_off_letters, now)


async def _end(connection: AsyncConnection, cases: Sequence[Case], now: datetime) -> None:
    """Keeps back what has not gone out."""
    waiting = [letter for case in cases for letter in case.in_wait()]
    await letters.cancel_all(connection, waiting, "student-left", now)
    for letter in waiting:
        metrics.LETTERS.labels("cancelled").inc()
        log.info("letter.cancelled", letter=str(letter.id), reason="student-left")
    draft = Draft(uuid.uuid4(), uuid.uuid4(), now)
    written = await letters.written_of_cases(connection, cases)
    await withdraw(connection, [(case, letter_id, draft) for case, letter_id in written], "student-left", now)
