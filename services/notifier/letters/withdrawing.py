"""Takes back letters that were written, as far as they have not gone out."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.sending_window import Window
from services.notifier.delivery.deliveries.delivery import DeliveryKey, Withdrawal
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.letters.case import Case, Draft, released
from services.notifier.letters.policy import SCHOOL_HOURS
from services.notifier.letters.repository import cases, letters
from services.notifier.letters.waiting_times import WaitingTimes
from shared.telemetry import metrics
from shared.worklist import repository as worklist

log = structlog.get_logger()


Written = tuple[Case, uuid.UUID, Draft]
"""A locked case, the letter of it that was written, and the draft of the one that its other crossings may get."""


async def withdraw(connection: AsyncConnection, written: Sequence[Written], reason: Withdrawal, now: datetime) -> list[Case]:
    """Cancels those deliveries of the letters that nobody is at; one that is being attempted is cancelled when that attempt fails.

    Where nothing of a letter went out, the other crossings that it was about get a letter of their own. Answers the cases that this
    has changed. Unless the student has left, a case comes once.
    """
    noted = await letters.withdraw(connection, [letter_id for _, letter_id, _ in written], reason) if written else []
    if not noted:
        return []
    waiting = await deliveries.waiting_of(connection, noted, reason)
    stopped = await worklist.cancel_all(connection, waiting, now)
    await deliveries.cancelled_all(connection, [*stopped, *await deliveries.on_paper(connection, waiting)], reason)
    closed = await letters.close_withdrawn(connection, noted)
    for letter_id, why in closed.items():
        _note_cancelled(letter_id, why)
    changes = [
        (case, released(case, letter_id, draft))
        for case, letter_id, draft in written
        if letter_id in closed and closed[letter_id] != "student-left"
    ]
    await cases.save_all(connection, changes, now)
    return [after for _, after in changes]


@dataclass(frozen=True, slots=True)
class LetterCloser:
    """Ends a withdrawn letter when its last delivery is settled: what the task of deliveries calls. `hold` and `window` are the service's
    own."""

    hold: timedelta
    window: Window = SCHOOL_HOURS

    async def __call__(self, connection: AsyncConnection, key: DeliveryKey, now: datetime) -> None:
        """Ends the delivery's letter, if nothing of it went out or still can, because it was withdrawn or its recipients are none any more:
        its crossings get another letter, to those who are recipients then."""
        place = key.student_id, key.term
        case = (await cases.lock(connection, [place]))[place]
        waits = WaitingTimes(self.hold, self.window)
        await waits.know(connection, [case.school])
        await _close(connection, case, key.letter_id, Draft(uuid.uuid4(), uuid.uuid4(), waits.due_at(case, now)), now)


async def _close(connection: AsyncConnection, case: Case, letter_id: uuid.UUID, draft: Draft, now: datetime) -> None:
    reason: str | None = (await letters.close_withdrawn(connection, [letter_id])).get(letter_id)
    if reason is None and await letters.close_unaddressed(connection, letter_id):
        reason = "no-correspondent"
    if reason is None:
        return
    _note_cancelled(letter_id, reason)
    if reason != "student-left":
        await cases.save(connection, case, released(case, letter_id, draft), now)


def _note_cancelled(letter_id: uuid.UUID, reason: str) -> None:
    metrics.LETTERS.labels("cancelled").inc()
    log.info("letter.cancelled", letter=str(letter_id), reason=reason)
