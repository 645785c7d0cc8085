"""Deliveries of events to subscriptions: SQL. One for each event and subscription, whose id is its work item's id too."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.partners.formats import Format
from services.notifier.partners.repository.partner_events import TEST_EVENT, PartnerEvent
from shared.identifiers import webhook_delivery_id
from shared.worklist import repository as worklist

WORK_KIND = "webhook"

Settled = Literal["delivered", "failed", "held"]


@dataclass(frozen=True, slots=True)
class LastDay:
    """Attempts of the last day, those of them that the receiver took, and the time of the event that has waited longest."""

    attempts: int
    succeeded: int
    oldest_waiting: datetime | None


@dataclass(frozen=True, slots=True)
class Posting:
    """An event to send and its address, as of now. `wanted`: whether the subscription still asks for such events, of that school."""

    id: uuid.UUID
    subscription_id: uuid.UUID
    active: bool
    wanted: bool
    url: str
    secret: bytes | None
    previous_secret: bytes | None
    previous_until: datetime | None
    attempts_before: int
    event: PartnerEvent
    format: Format

    def secrets(self, now: datetime) -> list[bytes]:
        """The secrets that sign at this moment, sealed, the newest first."""
        previous = self.previous_secret if self.previous_until is not None and now < self.previous_until else None
        return [secret for secret in (self.secret, previous) if secret is not None]


async def fan_out(connection: AsyncConnection, positions: Sequence[int], now: datetime) -> int:
    """Makes a delivery of each of these kept events for every subscription that asks for it; answers how many.

    For a subscription that takes nothing now it is held. Pausing or resuming one waits for the caller's transaction.
    """
    if not positions:
        return 0
    wanted = list(
        await connection.execute(
            text(
                """
                SELECT s.id, s.state, e.position, e.event_id
                FROM (SELECT * FROM subscriptions WHERE state <> 'deleted' ORDER BY id FOR SHARE) s
                JOIN partner_events e ON e.position = ANY(CAST(:positions AS bigint[]))
                    AND e.event_type = ANY(s.events) AND (s.schools IS NULL OR e.school = ANY(s.schools))
                ORDER BY e.position, s.id
                """
            ),
            {"positions": list(positions)},
        )
    )
    if not wanted:
        return 0
    # These events are new, and so are their deliveries and the work on them.
    await connection.execute(
        text(
            """
            WITH made AS (
                INSERT INTO webhook_deliveries (id, subscription_id, position, status)
                SELECT id, subscription_id, position, CASE WHEN active THEN 'waiting' ELSE 'held' END
                FROM unnest(CAST(:ids AS uuid[]), CAST(:subscriptions AS uuid[]), CAST(:positions AS bigint[]), CAST(:active AS boolean[]))
                    AS delivery (id, subscription_id, position, active)
                ON CONFLICT (subscription_id, position) DO NOTHING
                RETURNING id, status
            )
            INSERT INTO work (id, kind, due_at, created_at, put_at)
            SELECT id, :kind, :now, :now, :now FROM made WHERE status = 'waiting' ON CONFLICT (id) DO NOTHING
            """
        ),
        {
            "kind": WORK_KIND,
            "now": now,
            "ids": [webhook_delivery_id(row.id, row.event_id) for row in wanted],
            "subscriptions": [row.id for row in wanted],
            "positions": [row.position for row in wanted],
            "active": [row.state == "active" for row in wanted],
        },
    )
    await worklist.wake(connection, WORK_KIND)
    return len(wanted)


async def to_replay(
    connection: AsyncConnection,
    subscription_id: uuid.UUID,
    *,
    since: datetime | None,
    until: datetime | None,
    after: int | None,
    undelivered: bool,
    most: int,
) -> list[tuple[int, str]]:
    """(position, event id) of the kept events that the subscription asks for, from a moment on or behind a position, oldest first."""
    rows = await connection.execute(
        text(
            """
            SELECT e.position, e.event_id
            FROM subscriptions s
            JOIN partner_events e ON e.event_type = ANY(s.events) AND (s.schools IS NULL OR e.school = ANY(s.schools))
            WHERE s.id = :id
                AND (CAST(:since AS timestamptz) IS NULL OR e.time >= :since)
                AND (CAST(:until AS timestamptz) IS NULL OR e.time < :until)
                AND (CAST(:after AS bigint) IS NULL OR e.position > :after)
                AND NOT (:undelivered AND EXISTS (
                    SELECT FROM webhook_deliveries d
                    WHERE d.subscription_id = s.id AND d.position = e.position AND d.status = 'delivered'
                ))
            ORDER BY e.position LIMIT :most
            """
        ),
        {"id": subscription_id, "since": since, "until": until, "after": after, "undelivered": undelivered, "most": most},
    )
    return [(row.position, row.event_id) for row in rows]


async def replay(connection: AsyncConnection, subscription_id: uuid.UUID, events: Sequence[tuple[int, str]], now: datetime) -> None:
    """Sends these events (again) from now on, each with tries of its own from the first. The caller holds the subscription's lock."""
    ids = [webhook_delivery_id(subscription_id, event_id) for _, event_id in events]
    await _insert(connection, ids, [subscription_id] * len(ids), [position for position, _ in events], [True] * len(ids))
    await _start_anew(connection, ids)
    await _ask_now(connection, subscription_id)
    await worklist.add_all(connection, WORK_KIND, ids, now, now)


async def release(connection: AsyncConnection, subscription_id: uuid.UUID, now: datetime) -> int:
    """Sends what was held, from now on; answers how many. The caller holds the subscription's lock."""
    rows = await connection.execute(
        text("SELECT id FROM webhook_deliveries WHERE subscription_id = :id AND status = 'held'"), {"id": subscription_id}
    )
    ids = [row.id for row in rows]
    await _start_anew(connection, ids)
    await _ask_now(connection, subscription_id)
    await worklist.add_all(connection, WORK_KIND, ids, now, now)
    return len(ids)


async def hold(connection: AsyncConnection, subscription_id: uuid.UUID, now: datetime) -> None:
    """Takes what waits off the worklist, its subscription being stopped. Deliveries that somebody is at are held when that ends."""
    held = await connection.execute(
        text(
            """
            UPDATE work SET state = 'cancelled', settled_at = :now WHERE id IN (
                SELECT w.id FROM work w JOIN webhook_deliveries d ON d.id = w.id
                WHERE d.subscription_id = :id AND d.status = 'waiting' AND w.state = 'waiting'
                FOR UPDATE OF w SKIP LOCKED
            ) RETURNING id
            """
        ),
        {"id": subscription_id, "now": now},
    )
    await connection.execute(
        text("UPDATE webhook_deliveries SET status = 'held' WHERE id = ANY(CAST(:ids AS uuid[])) AND status = 'waiting'"),
        {"ids": [row.id for row in held]},
    )


async def hurry(connection: AsyncConnection, subscription_id: uuid.UUID, now: datetime) -> None:
    """Makes due what waits for a later try: its receiver is back."""
    await connection.execute(
        text(
            """
            UPDATE work SET due_at = :now, put_at = :now WHERE id IN (
                SELECT w.id FROM work w JOIN webhook_deliveries d ON d.id = w.id
                WHERE d.subscription_id = :id AND d.status = 'waiting' AND w.state = 'waiting' AND w.due_at > :now
                FOR UPDATE OF w SKIP LOCKED
            )
            """
        ),
        {"id": subscription_id, "now": now},
    )


async def postings(connection: AsyncConnection, delivery_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Posting]:
    """The events to send."""
    rows = await connection.execute(
        text(
            """
                SELECT d.id, d.subscription_id, d.attempts_before, s.state, s.url, s.secret, s.previous_secret, s.previous_until, s.format,
                    e.event_id, e.event_type, e.source, e.school, e.time, e.data,
                    e.event_type = :test OR e.event_type = ANY(s.events) AND (s.schools IS NULL OR e.school = ANY(s.schools)) AS wanted
                FROM webhook_deliveries d
                JOIN subscriptions s ON s.id = d.subscription_id
                JOIN partner_events e USING (position)
                WHERE d.id = ANY(CAST(:ids AS uuid[]))
                """
        ),
        {"ids": list(delivery_ids), "test": TEST_EVENT},
    )
    return {row.id: _posting(row) for row in rows}


def _posting(row: Row[Any]) -> Posting:
    event = PartnerEvent(row.event_id, row.event_type, row.source, row.school, row.time, row.data)
    return Posting(
        id=row.id,
        subscription_id=row.subscription_id,
        active=row.state == "active",
        wanted=row.wanted,
        url=row.url,
        secret=row.secret,
        previous_secret=row.previous_secret,
        previous_until=row.previous_until,
        attempts_before=row.attempts_before,
        event=event,
        format=row.format,
    )


async def subscriptions_of(connection: AsyncConnection, delivery_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """The subscription of each delivery."""
    rows = await connection.execute(
        text("SELECT id, subscription_id FROM webhook_deliveries WHERE id = ANY(CAST(:ids AS uuid[]))"), {"ids": list(delivery_ids)}
    )
    return {row.id: row.subscription_id for row in rows}


async def settle(connection: AsyncConnection, delivery_ids: Sequence[uuid.UUID], status: Settled) -> None:
    """Keeps what became of deliveries that wait."""
    await connection.execute(
        text("UPDATE webhook_deliveries SET status = :status WHERE id = ANY(CAST(:ids AS uuid[])) AND status = 'waiting'"),
        {"ids": list(delivery_ids), "status": status},
    )


async def pass_over(connection: AsyncConnection, delivery_id: uuid.UUID) -> None:
    """An attempt that was no try: the fault was ours."""
    await connection.execute(
        text("UPDATE webhook_deliveries SET attempts_before = attempts_before + 1 WHERE id = :id"), {"id": delivery_id}
    )


async def counts(connection: AsyncConnection, subscriptions: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Mapping[str, int]]:
    """How many deliveries of each subscription are `waiting`, `held` or `failed`."""
    rows = await connection.execute(
        text(
            """
            SELECT subscription_id, status, count(*) AS number FROM webhook_deliveries
            WHERE subscription_id = ANY(CAST(:ids AS uuid[])) AND status <> 'delivered' GROUP BY 1, 2
            """
        ),
        {"ids": list(subscriptions)},
    )
    numbers: dict[uuid.UUID, dict[str, int]] = {id_: {"waiting": 0, "held": 0, "failed": 0} for id_ in subscriptions}
    for row in rows:
        numbers[row.subscription_id][row.status] = row.number
    return numbers


async def last_day(connection: AsyncConnection, subscriptions: Sequence[uuid.UUID], since: datetime) -> Mapping[uuid.UUID, LastDay]:
    """The attempts at each subscription's events since a time, and the event that has waited longest."""
    rows = await connection.execute(
        text(
            """
            SELECT s.id, tried.attempts, tried.succeeded, (
                SELECT e.time FROM webhook_deliveries d JOIN partner_events e USING (position)
                WHERE d.subscription_id = s.id AND d.status IN ('waiting', 'held') ORDER BY d.position LIMIT 1
            ) AS oldest_waiting
            FROM unnest(CAST(:ids AS uuid[])) AS s(id) CROSS JOIN LATERAL (
                SELECT count(*) AS attempts, count(*) FILTER (WHERE a.outcome = 'done') AS succeeded
                FROM webhook_deliveries d JOIN work_attempts a ON a.work_id = d.id
                WHERE d.subscription_id = s.id AND a.ended_at >= :since
            ) tried
            """
        ),
        {"ids": list(subscriptions), "since": since},
    )
    return {row.id: LastDay(row.attempts, row.succeeded, row.oldest_waiting) for row in rows}


async def attempts(
    connection: AsyncConnection,
    subscription_id: uuid.UUID,
    *,
    event_id: str | None,
    before: tuple[datetime, uuid.UUID, int] | None,
    most: int,
) -> list[Mapping[str, Any]]:
    """Attempts at a subscription's deliveries, newest first."""
    rows = await connection.execute(
        text(
            """
            SELECT a.work_id, e.event_id, e.event_type AS event, e.source, e.school, e.time, e.data, d.status AS delivery,
                a.attempt, a.started_at, a.ended_at, a.outcome, a.detail
            FROM webhook_deliveries d
            JOIN work_attempts a ON a.work_id = d.id
            JOIN partner_events e USING (position)
            WHERE d.subscription_id = :id AND (CAST(:event_id AS text) IS NULL OR e.event_id = :event_id)
                AND (
                    CAST(:before_at AS timestamptz) IS NULL
                    OR (a.started_at, a.work_id, a.attempt) < (:before_at, CAST(:before_id AS uuid), CAST(:before_attempt AS int))
                )
            ORDER BY a.started_at DESC, a.work_id DESC, a.attempt DESC LIMIT :most
            """
        ),
        {
            "id": subscription_id,
            "event_id": event_id,
            "before_at": before[0] if before else None,
            "before_id": before[1] if before else None,
            "before_attempt": before[2] if before else None,
            "most": most,
        },
    )
    return [dict(row) for row in rows.mappings()]


async def forget_deleted(connection: AsyncConnection, _: datetime, most: int) -> int:
    """Drops what is left of deleted subscriptions, once nobody is at it; answers how many deliveries, and subscriptions without any."""
    worked = await connection.execute(
        text(
            """
            WITH old AS (
                SELECT d.id FROM webhook_deliveries d JOIN subscriptions s ON s.id = d.subscription_id LEFT JOIN work w ON w.id = d.id
                WHERE s.state = 'deleted' AND w.state IS DISTINCT FROM 'leased' LIMIT :most FOR UPDATE OF d SKIP LOCKED
            ), worked AS (
                DELETE FROM work w USING old WHERE w.id = old.id
            )
            DELETE FROM webhook_deliveries d USING old WHERE d.id = old.id
            """
        ),
        {"most": most},
    )
    ended = await connection.execute(
        text(
            """
            DELETE FROM subscriptions s
            WHERE s.state = 'deleted' AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.subscription_id = s.id)
            """
        )
    )
    return worked.rowcount + ended.rowcount


async def _ask_now(connection: AsyncConnection, subscription_id: uuid.UUID) -> None:
    """A person wants it sent: the pause of a receiver that fails is over."""
    await connection.execute(text("UPDATE subscriptions SET probe_at = NULL WHERE id = :id"), {"id": subscription_id})


async def _insert(
    connection: AsyncConnection,
    ids: Sequence[uuid.UUID],
    subscriptions: Sequence[uuid.UUID],
    positions: Sequence[int],
    active: Sequence[bool],
) -> None:
    await connection.execute(
        text(
            """
            INSERT INTO webhook_deliveries (id, subscription_id, position, status)
            SELECT id, subscription_id, position, CASE WHEN active THEN 'waiting' ELSE 'held' END
            FROM unnest(CAST(:ids AS uuid[]), CAST(:subscriptions AS uuid[]), CAST(:positions AS bigint[]), CAST(:active AS boolean[]))
                AS delivery (id, subscription_id, position, active)
            ON CONFLICT (subscription_id, position) DO NOTHING
            """
        ),
        {"ids": list(ids), "subscriptions": list(subscriptions), "positions": list(positions), "active": list(active)},
    )


async def _start_anew(connection: AsyncConnection, ids: Sequence[uuid.UUID]) -> None:
    await connection.execute(
        text(
            """
            UPDATE webhook_deliveries d
            SET status = 'waiting', attempts_before = coalesce((SELECT w.attempts FROM work w WHERE w.id = d.id), 0)
            WHERE d.id = ANY(CAST(:ids AS uuid[]))
            """
        ),
        {"ids": list(ids)},
    )


async def backlogs(connection: AsyncConnection, most: int) -> tuple[int, dict[uuid.UUID, int]]:
    """How many subscriptions have events that wait, and the events of those with the most of them."""
    rows = await connection.execute(
        text(
            """
            SELECT subscription_id, count(*) AS events, count(*) OVER () AS behind FROM webhook_deliveries
            WHERE status <> 'delivered' AND status IN ('waiting', 'held')
            GROUP BY subscription_id ORDER BY events DESC, subscription_id LIMIT :most
            """
        ),
        {"most": most},
    )
    found = rows.all()
    return (found[0].behind if found else 0), {row.subscription_id: row.events for row in found}
