"""Letters: SQL. The caller holds the lock of the letter's case."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.deliveries.delivery import Withdrawal
from services.notifier.letters.case import Case, Past, Waiting
from shared.attendance.tiers import Threshold
from shared.worklist import repository as worklist

WORK_KIND = "letter"

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class LetterKey:
    """A letter, and the case it belongs to."""

    id: uuid.UUID
    student_id: uuid.UUID
    term: str


async def of_work(connection: AsyncConnection, work_id: uuid.UUID) -> LetterKey | None:
    """The letter that a work item is for; None when the letter has another one by now. Takes no lock."""
    row = (
        await connection.execute(text("SELECT id, student_id, term FROM letters WHERE work_id = :work_id"), {"work_id": work_id})
    ).one_or_none()
    return None if row is None else LetterKey(row.id, row.student_id, row.term)


async def change(connection: AsyncConnection, case: Case, before: Waiting | None, after: Waiting | None, now: datetime) -> None:
    """Brings the waiting letter of a case from one state to the next; a letter that goes away was retracted."""
    if before is not None and (after is None or after.id != before.id):
        await cancel(connection, before, "retracted", now)
        before = None
    if after is None:
        return
    if before is None:
        await _insert(connection, case, after, now)
        await worklist.add(connection, WORK_KIND, after.work_id, after.due_at, now)
        return
    await _update(connection, after)
    if after.state != "held":
        return
    if before.state != "held":
        await renew_work(connection, replace(after, due_at=max(after.due_at, now)), now)
    elif after.due_at != before.due_at and not await worklist.reschedule(connection, after.work_id, after.due_at):
        await renew_work(connection, after, now)


async def cancel(connection: AsyncConnection, waiting: Waiting, reason: Withdrawal, now: datetime) -> None:
    """Ends a letter that was not written."""
    await connection.execute(
        text("UPDATE letters SET state = 'cancelled', reason = :reason WHERE id = :id"), {"id": waiting.id, "reason": reason}
    )
    await worklist.cancel(connection, waiting.work_id, now)


async def mark_no_contact(connection: AsyncConnection, letter_id: uuid.UUID) -> None:
    """The letter is due, and there is nobody to send it to."""
    await connection.execute(text("UPDATE letters SET state = 'no-contact' WHERE id = :id"), {"id": letter_id})


async def mark_past(connection: AsyncConnection, waiting: Waiting, reason: Past | Literal["discarded"]) -> None:
    """The letter was due, and is not written."""
    await connection.execute(
        text("UPDATE letters SET state = 'past', reason = :reason, threshold = :threshold WHERE id = :id"),
        {"id": waiting.id, "reason": reason, "threshold": waiting.threshold},
    )


async def mark_awaiting_release(connection: AsyncConnection, waiting: Waiting, now: datetime) -> None:
    """The letter is due, and more are than may go in a day: a person decides."""
    await connection.execute(
        text("UPDATE letters SET state = 'awaiting-release', threshold = :threshold, awaiting_since = :now WHERE id = :id"),
        {"id": waiting.id, "threshold": waiting.threshold, "now": now},
    )


async def put_off(connection: AsyncConnection, waiting: Waiting, until: datetime) -> None:
    """The letter is due, and must not go yet: it waits as what it is, `held` or `on-hold`. The caller tries its work item again then."""
    await connection.execute(
        text("UPDATE letters SET state = :state, threshold = :threshold, put_off_until = :until WHERE id = :id"),
        {"id": waiting.id, "state": waiting.state, "threshold": waiting.threshold, "until": until},
    )


async def renew_work(connection: AsyncConnection, waiting: Waiting, now: datetime) -> None:
    """Gives the letter a new work item for its due time. The old one finds out that it is no longer the letter's."""
    await _renew(connection, replace(waiting, state="held"), now)


async def look_again(connection: AsyncConnection, waiting: Waiting, now: datetime) -> None:
    """Makes a letter that was put off due again, or once its own hold has ended: what it waits for may have changed."""
    await _renew(connection, replace(waiting, due_at=max(waiting.due_at, now)), now)


async def look_again_at(connection: AsyncConnection, cases: Iterable[Case], now: datetime) -> None:
    """Looks again at those letters of locked cases that were put off."""
    for case in cases:
        if case.waiting is not None and case.waiting.state in ("held", "on-hold"):
            await look_again(connection, case.waiting, now)


async def _renew(connection: AsyncConnection, waiting: Waiting, now: datetime) -> None:
    work_id = uuid.uuid4()
    await connection.execute(
        text("UPDATE letters SET state = :state, work_id = :work_id, due_at = :due_at, put_off_until = NULL WHERE id = :id"),
        {"id": waiting.id, "state": waiting.state, "work_id": work_id, "due_at": waiting.due_at},
    )
    await worklist.cancel(connection, waiting.work_id, now)
    await worklist.add(connection, WORK_KIND, work_id, waiting.due_at, now)


async def mark_bound(connection: AsyncConnection, waiting: Waiting, now: datetime) -> None:
    """The letter is written: its threshold is final."""
    await connection.execute(
        text("UPDATE letters SET state = 'bound', threshold = :threshold, bound_at = :now WHERE id = :id"),
        {"id": waiting.id, "threshold": waiting.threshold, "now": now},
    )


async def withdraw(connection: AsyncConnection, letter_id: uuid.UUID, reason: Withdrawal) -> bool:
    """Notes that what has not gone out of a written letter must not any more; False when all of it has."""
    noted = await connection.execute(
        text(
            """
            UPDATE letters SET withdrawn = CASE WHEN withdrawn = 'student-left' THEN withdrawn ELSE :reason END
            WHERE id = :id AND state = 'bound' AND EXISTS (
                SELECT FROM deliveries d
                WHERE d.letter_id = letters.id AND d.status <> 'sent' AND (d.corrects IS NULL OR :reason = 'student-left')
            )
            """
        ),
        {"id": letter_id, "reason": reason},
    )
    return noted.rowcount == 1


async def written_threshold(connection: AsyncConnection, letter_id: uuid.UUID) -> Threshold | None:
    """The threshold of a letter that was written; None for any other, and for one withdrawn before anybody got it."""
    threshold: Threshold | None = (
        await connection.execute(text("SELECT threshold FROM letters WHERE id = :id AND state = 'bound'"), {"id": letter_id})
    ).scalar()
    return threshold


async def told_already(connection: AsyncConnection, case: Case, threshold: int) -> bool:
    """Whether the family has had a letter about this threshold and the very days that the case has now, and no correction of it."""
    if not case.absent_on:
        return False
    found = await connection.execute(
        text(
            """
            SELECT EXISTS (
                SELECT FROM letters l JOIN deliveries d ON d.letter_id = l.id
                WHERE l.student_id = :student_id AND l.term = :term AND l.threshold = :threshold
                    AND d.status = 'sent' AND d.corrects IS NULL AND d.told = CAST(:days AS jsonb)
                    AND NOT EXISTS (SELECT FROM deliveries x WHERE x.letter_id = l.id AND x.corrects = d.id AND x.status = 'sent')
            )
            """
        ),
        {
            "student_id": case.student_id,
            "term": case.term,
            "threshold": threshold,
            "days": _encoder.encode(case.absent_on).decode(),
        },
    )
    return bool(found.scalar_one())


async def close_withdrawn(connection: AsyncConnection, letter_id: uuid.UUID) -> Withdrawal | None:
    """Cancels a withdrawn letter when none of it went out and none of it can any more; answers why it was withdrawn, if so."""
    row = (
        await connection.execute(
            text(
                """
                UPDATE letters SET state = 'cancelled', reason = withdrawn
                WHERE id = :id AND state = 'bound' AND withdrawn IS NOT NULL
                    AND NOT EXISTS (SELECT FROM deliveries d WHERE d.letter_id = letters.id AND d.status IN ('waiting', 'sent'))
                RETURNING withdrawn
                """
            ),
            {"id": letter_id},
        )
    ).one_or_none()
    return None if row is None else row.withdrawn


async def close_unaddressed(connection: AsyncConnection, letter_id: uuid.UUID) -> bool:
    """Cancels a letter whose recipients must not be written to any more, when none of it went out and none of it can any more."""
    closed = await connection.execute(
        text(
            """
            UPDATE letters SET state = 'cancelled', reason = 'no-correspondent'
            WHERE id = :id AND state = 'bound' AND withdrawn IS NULL
                AND EXISTS (
                    SELECT FROM deliveries d
                    WHERE d.letter_id = letters.id AND d.status = 'cancelled' AND d.reason IN ('no-correspondent', 'recipient-gone')
                )
                AND NOT EXISTS (SELECT FROM deliveries d WHERE d.letter_id = letters.id AND d.status IN ('waiting', 'sent', 'bounced'))
            """
        ),
        {"id": letter_id},
    )
    return closed.rowcount == 1


async def written_of_case(connection: AsyncConnection, case: Case) -> list[uuid.UUID]:
    """The case's written letters of which something waits to go out."""
    rows = await connection.execute(
        text(
            """
            SELECT id FROM letters
            WHERE student_id = :student_id AND term = :term AND state = 'bound'
                AND EXISTS (SELECT FROM deliveries d WHERE d.letter_id = letters.id AND d.status = 'waiting')
            ORDER BY id
            """
        ),
        {"student_id": case.student_id, "term": case.term},
    )
    return [row.id for row in rows]


async def put_off_of(connection: AsyncConnection, schools: Collection[str]) -> set[uuid.UUID]:
    """The students of these schools whose letters were due and were put off: for the window, or by a hold that has an end."""
    rows = await connection.execute(
        text(
            """
            SELECT DISTINCT student_id FROM letters
            WHERE school = ANY(CAST(:schools AS text[])) AND state IN ('held', 'on-hold') AND put_off_until IS NOT NULL
            """
        ),
        {"schools": sorted(schools)},
    )
    return {row.student_id for row in rows}


async def _insert(connection: AsyncConnection, case: Case, waiting: Waiting, now: datetime) -> None:
    await connection.execute(
        text(
            """
            INSERT INTO letters (id, student_id, term, school, threshold, state, due_at, work_id, created_at)
            VALUES (:id, :student_id, :term, :school, :threshold, :state, :due_at, :work_id, :now)
            """
        ),
        {
            "id": waiting.id,
            "student_id": case.student_id,
            "term": case.term,
            "school": case.school,
            "threshold": waiting.threshold,
            "state": waiting.state,
            "due_at": waiting.due_at,
            "work_id": waiting.work_id,
            "now": now,
        },
    )


async def _update(connection: AsyncConnection, waiting: Waiting) -> None:
    await connection.execute(
        text("UPDATE letters SET state = :state, threshold = :threshold, due_at = :due_at WHERE id = :id"),
        {"id": waiting.id, "state": waiting.state, "threshold": waiting.threshold, "due_at": waiting.due_at},
    )
