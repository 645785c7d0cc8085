"""Letters: SQL. The caller holds the lock of the letter's case."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.deliveries.delivery import Withdrawal
from services.notifier.letters.case import Case, Past, Waiting
from services.notifier.letters.envelopes import Beside
from services.notifier.templates.rendering.occasion import About
from services.notifier.templates.rendering.occasions import NO_MORE
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.tiers import Threshold
from shared.worklist import repository as worklist
from shared.worklist.repository import share_of

WORK_KIND = "letter"

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class LetterKey:
    """A letter, the case it belongs to, and its school."""

    id: uuid.UUID
    student_id: uuid.UUID
    term: str
    school: str


async def of_works(connection: AsyncConnection, work_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, LetterKey]:
    """The letters that work items are for; an item whose letter has another one by now has none. Takes no lock."""
    rows = await connection.execute(
        text("SELECT work_id, id, student_id, term, school FROM letters WHERE work_id = ANY(CAST(:work_ids AS uuid[]))"),
        {"work_ids": list(work_ids)},
    )
    return {row.work_id: LetterKey(row.id, row.student_id, row.term, row.school) for row in rows}


async def beside(connection: AsyncConnection, student_ids: Collection[uuid.UUID]) -> list[Beside]:
    """The letters that wait for their time about other students who have an e-mail address of a caregiver in common with these. Call
    `index_addresses` before; it takes no lock."""
    rows = await connection.execute(
        text(
            """
            SELECT DISTINCT mine.student_id AS of, l.id, l.work_id, l.student_id, l.term, l.school,
                greatest(l.due_at, l.put_off_until) AS due_at
            FROM contact_addresses mine
            JOIN contact_addresses other USING (address_id) JOIN letters l ON l.student_id = other.student_id
            WHERE mine.student_id = ANY(CAST(:student_ids AS uuid[])) AND other.student_id <> mine.student_id AND l.state = 'held'
            """
        ),
        {"student_ids": list(student_ids)},
    )
    return [Beside(*row) for row in rows]


async def waited_for(connection: AsyncConnection, work_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the work items for which a letter that is not written waits. Takes no lock."""
    rows = await connection.execute(
        text("SELECT work_id FROM letters WHERE work_id = ANY(CAST(:work_ids AS uuid[])) AND state IN ('held', 'on-hold')"),
        {"work_ids": list(work_ids)},
    )
    return {row.work_id for row in rows}


def waiting_of(row: Row[Any]) -> Waiting:
    """A letter that waits, from its row."""
    about = NO_MORE if row.about is None else msgspec.convert(row.about, About)
    return Waiting(row.id, row.work_id, row.state, row.occasion or row.threshold, row.due_at, row.release_id is not None, about)


Change = tuple[Case, Waiting | None, Waiting | None]
"""A case, its waiting letter as it was, and as it is to be."""


async def change_all(connection: AsyncConnection, changes: Sequence[Change], now: datetime) -> None:
    """Brings the waiting letters of cases from one state to the next; a letter that goes away was retracted."""
    new: list[tuple[Case, Waiting]] = []
    gone: list[Waiting] = []
    kept: list[tuple[Waiting, Waiting]] = []
    for case, before, after in changes:
        stays = before is not None and after is not None and before.id == after.id
        if before is not None and not stays:
            gone.append(before)
        if after is not None and not stays:
            new.append((case, after))
        if before is not None and after is not None and stays and before != after:
            kept.append((before, after))
    await cancel_all(connection, gone, "retracted", now)
    await _change(connection, kept, now)
    await add(connection, new, now)


async def add(connection: AsyncConnection, new: Sequence[tuple[Case, Waiting]], now: datetime) -> list[uuid.UUID]:
    """Has letters wait, each of its case, with their work; answers which are new: one that is known already stays as it is."""
    if not new:
        return []
    added = set(await _insert(connection, new, now))
    due = {waiting.work_id: waiting.due_at for _, waiting in new if waiting.id in added}
    shares = {waiting.work_id: share_of(case.school) for case, waiting in new if waiting.id in added}
    await worklist.add_new(connection, WORK_KIND, due, now, shares)
    return sorted(added)


async def _change(connection: AsyncConnection, changes: Sequence[tuple[Waiting, Waiting]], now: datetime) -> None:
    await _update(connection, [after for _, after in changes])
    held = [(before, after) for before, after in changes if after.state == "held"]
    moved = {after.work_id: after.due_at for before, after in held if before.state == "held" and before.due_at != after.due_at}
    still = await worklist.reschedule_all(connection, moved, now)
    renewed = [replace(after, due_at=max(after.due_at, now)) for before, after in held if before.state != "held"]
    renewed += [after for _, after in held if after.work_id in moved.keys() - still]
    await _renew(connection, renewed, now)


async def cancel_all(connection: AsyncConnection, waiting: Sequence[Waiting], reason: Withdrawal | Literal["newer"], now: datetime) -> None:
    """Ends letters that were not written. `newer`: another statement takes its place."""
    if not waiting:
        return
    await connection.execute(
        text("UPDATE letters SET state = 'cancelled', reason = :reason WHERE id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": [letter.id for letter in waiting], "reason": reason},
    )
    await worklist.cancel_all(connection, [letter.work_id for letter in waiting], now)


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
    await renew_all(connection, [waiting], now)


async def renew_all(connection: AsyncConnection, waiting: Sequence[Waiting], now: datetime) -> None:
    """Gives each of the letters a new work item, as `renew_work` does."""
    await _renew(connection, [replace(letter, state="held") for letter in waiting], now)


async def look_again_at(connection: AsyncConnection, waiting: Sequence[Waiting], now: datetime) -> None:
    """Makes letters that were put off due again, or once their own hold has ended: what they wait for may have changed."""
    await _renew(connection, [replace(letter, due_at=max(letter.due_at, now)) for letter in waiting], now)


def put_off_among(cases: Iterable[Case]) -> list[Waiting]:
    """The waiting letters of locked cases that may have been put off."""
    return [letter for case in cases for letter in case.in_wait() if letter.state in ("held", "on-hold")]


async def _renew(connection: AsyncConnection, waiting: Sequence[Waiting], now: datetime) -> None:
    if not waiting:
        return
    work_ids = [uuid.uuid4() for _ in waiting]
    renewed = await connection.execute(
        text(
            """
            UPDATE letters l SET state = n.state, work_id = n.work_id, due_at = n.due_at, put_off_until = NULL
            FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:work_ids AS uuid[]), CAST(:due_ats AS timestamptz[]))
                AS n(id, state, work_id, due_at)
            WHERE l.id = n.id RETURNING l.work_id, l.school
            """
        ),
        {
            "ids": [letter.id for letter in waiting],
            "states": [letter.state for letter in waiting],
            "work_ids": work_ids,
            "due_ats": [letter.due_at for letter in waiting],
        },
    )
    shares = {row.work_id: share_of(row.school) for row in renewed}
    await worklist.cancel_all(connection, [letter.work_id for letter in waiting], now)
    due = {work_id: letter.due_at for work_id, letter in zip(work_ids, waiting, strict=True)}
    await worklist.add_new(connection, WORK_KIND, due, now, shares)


async def mark_bound(connection: AsyncConnection, written: Sequence[Waiting], now: datetime) -> None:
    """The letters are written: their thresholds are final."""
    await connection.execute(
        text(
            """
            UPDATE letters l SET state = 'bound', threshold = n.threshold, bound_at = :now
            FROM unnest(CAST(:ids AS uuid[]), CAST(:thresholds AS int[])) AS n(id, threshold) WHERE l.id = n.id
            """
        ),
        {"ids": [waiting.id for waiting in written], "thresholds": [waiting.threshold for waiting in written], "now": now},
    )


async def withdraw(connection: AsyncConnection, letter_ids: Collection[uuid.UUID], reason: Withdrawal) -> list[uuid.UUID]:
    """Notes that what has not gone out of written letters must not any more; answers those of which not all has."""
    noted = await connection.execute(
        text(
            """
            UPDATE letters SET withdrawn = CASE WHEN withdrawn = 'student-left' THEN withdrawn ELSE :reason END
            WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'bound' AND EXISTS (
                SELECT FROM deliveries d
                WHERE d.letter_id = letters.id AND d.status <> 'sent' AND (d.corrects IS NULL OR :reason = 'student-left')
            )
            RETURNING id
            """
        ),
        {"ids": list(letter_ids), "reason": reason},
    )
    return [row.id for row in noted]


async def written_threshold(connection: AsyncConnection, letter_id: uuid.UUID) -> Threshold | None:
    """The threshold of a letter that was written; None for any other, and for one withdrawn before anybody got it."""
    return (await written_thresholds(connection, [letter_id])).get(letter_id)


async def written_thresholds(connection: AsyncConnection, letter_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Threshold]:
    """The thresholds of those of the letters that were written, as `written_threshold` has them."""
    if not letter_ids:
        return {}
    rows = await connection.execute(
        text("SELECT id, threshold FROM letters WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'bound' AND occasion IS NULL"),
        {"ids": list(letter_ids)},
    )
    return {row.id: row.threshold for row in rows}


async def written_occasion(connection: AsyncConnection, letter_id: uuid.UUID) -> Waiting | None:
    """A statement or good news that was written, as it waited; None for any other letter."""
    row = (
        await connection.execute(
            text("SELECT * FROM letters WHERE id = :id AND state = 'bound' AND occasion IS NOT NULL"), {"id": letter_id}
        )
    ).one_or_none()
    return None if row is None else waiting_of(row)


async def told_already(
    connection: AsyncConnection, about: Sequence[tuple[Case, Threshold]], calendars: Mapping[str, SchoolCalendar]
) -> set[uuid.UUID]:
    """The students whose families have had a letter about this threshold and the very days that the case has now, and no correction of
    it. The same goes for a letter under another name of the term, all days of which are the term's now. `calendars` are by school."""
    named = [(case, threshold) for case, threshold in about if case.absent_on]
    terms = [calendars[case.school].term_named(case.term) if case.school in calendars else None for case, _ in named]
    if not named:
        return set()
    rows = await connection.execute(
        text(
            """
            SELECT n.student_id FROM unnest(
                CAST(:student_ids AS uuid[]), CAST(:terms AS text[]), CAST(:thresholds AS int[]), CAST(:days AS text[]),
                CAST(:starts AS date[]), CAST(:ends AS date[])
            ) AS n(student_id, term, threshold, days, starts, ends)
            WHERE EXISTS (
                SELECT FROM letters l JOIN deliveries d ON d.letter_id = l.id
                WHERE l.student_id = n.student_id AND l.threshold = n.threshold AND d.status = 'sent' AND d.corrects IS NULL
                    AND CASE
                        WHEN l.term = n.term THEN d.told = CAST(n.days AS jsonb)
                        ELSE (
                            SELECT bool_and(CAST(day ->> 'date' AS date) BETWEEN n.starts AND n.ends) FROM jsonb_array_elements(d.told) day
                        )
                    END
                    AND NOT EXISTS (SELECT FROM deliveries x WHERE x.letter_id = l.id AND x.corrects = d.id AND x.status = 'sent')
            )
            """
        ),
        {
            "student_ids": [case.student_id for case, _ in named],
            "terms": [case.term for case, _ in named],
            "thresholds": [threshold for _, threshold in named],
            "days": [_encoder.encode(case.absent_on).decode() for case, _ in named],
            "starts": [term and term.start for term in terms],
            "ends": [term and term.end for term in terms],
        },
    )
    return {row.student_id for row in rows}


async def close_withdrawn(connection: AsyncConnection, letter_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Withdrawal]:
    """Cancels those withdrawn letters of which none went out and none can any more; answers why each was withdrawn."""
    if not letter_ids:
        return {}
    rows = await connection.execute(
        text(
            """
            UPDATE letters SET state = 'cancelled', reason = withdrawn
            WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'bound' AND withdrawn IS NOT NULL
                AND NOT EXISTS (SELECT FROM deliveries d WHERE d.letter_id = letters.id AND d.status IN ('waiting', 'sent'))
            RETURNING id, withdrawn
            """
        ),
        {"ids": list(letter_ids)},
    )
    return {row.id: row.withdrawn for row in rows}


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


async def written_of_cases(connection: AsyncConnection, cases: Sequence[Case]) -> list[tuple[Case, uuid.UUID]]:
    """The written letters of cases of which something waits to go out."""
    if not cases:
        return []
    by_key = {(case.student_id, case.term): case for case in cases}
    rows = await connection.execute(
        text(
            """
            SELECT l.id, l.student_id, l.term FROM letters l
            JOIN unnest(CAST(:student_ids AS uuid[]), CAST(:terms AS text[])) AS w(student_id, term) USING (student_id, term)
            WHERE l.state = 'bound' AND EXISTS (SELECT FROM deliveries d WHERE d.letter_id = l.id AND d.status = 'waiting')
            ORDER BY l.id
            """
        ),
        {"student_ids": [student_id for student_id, _ in by_key], "terms": [term for _, term in by_key]},
    )
    return [(by_key[row.student_id, row.term], row.id) for row in rows]


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


async def _insert(connection: AsyncConnection, letters: Sequence[tuple[Case, Waiting]], now: datetime) -> list[uuid.UUID]:
    inserted = await connection.execute(
        text(
            """
            INSERT INTO letters (id, student_id, term, school, threshold, occasion, about, state, due_at, work_id, created_at)
            SELECT n.id, n.student_id, n.term, n.school, n.threshold, n.occasion, CAST(n.about AS jsonb), n.state, n.due_at, n.work_id, :now
            FROM unnest(
                CAST(:ids AS uuid[]), CAST(:student_ids AS uuid[]), CAST(:terms AS text[]), CAST(:schools AS text[]),
                CAST(:thresholds AS int[]), CAST(:occasions AS text[]), CAST(:abouts AS text[]), CAST(:states AS text[]),
                CAST(:due_ats AS timestamptz[]), CAST(:work_ids AS uuid[])
            ) AS n(id, student_id, term, school, threshold, occasion, about, state, due_at, work_id)
            ON CONFLICT (id) DO NOTHING RETURNING id
            """
        ),
        {
            "ids": [waiting.id for _, waiting in letters],
            "student_ids": [case.student_id for case, _ in letters],
            "terms": [case.term for case, _ in letters],
            "schools": [case.school for case, _ in letters],
            "thresholds": [waiting.threshold for _, waiting in letters],
            "occasions": [waiting.occasion for _, waiting in letters],
            "abouts": [None if waiting.about == NO_MORE else _encoder.encode(waiting.about).decode() for _, waiting in letters],
            "states": [waiting.state for _, waiting in letters],
            "due_ats": [waiting.due_at for _, waiting in letters],
            "work_ids": [waiting.work_id for _, waiting in letters],
            "now": now,
        },
    )
    return [row.id for row in inserted]


async def _update(connection: AsyncConnection, waiting: Sequence[Waiting]) -> None:
    if not waiting:
        return
    await connection.execute(
        text(
            """
            UPDATE letters l SET state = n.state, threshold = n.threshold, due_at = n.due_at
            FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:thresholds AS int[]), CAST(:due_ats AS timestamptz[]))
                AS n(id, state, threshold, due_at)
            WHERE l.id = n.id
            """
        ),
        {
            "ids": [letter.id for letter in waiting],
            "states": [letter.state for letter in waiting],
            "thresholds": [letter.threshold for letter in waiting],
            "due_ats": [letter.due_at for letter in waiting],
        },
    )


async def waiting_by_state(connection: AsyncConnection) -> dict[str, int]:
    """How many letters of all schools are not written yet, by state."""
    rows = await connection.execute(
        text(
            """
            SELECT state, count(*) AS letters FROM letters
            WHERE state IN ('held', 'no-contact', 'on-hold', 'awaiting-release') GROUP BY state
            """
        )
    )
    return {row.state: row.letters for row in rows}
