"""Which deliveries go next, so that no subscription takes more than its share: SQL."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.partners.repository.subscriptions import LONGEST_PROBE
from shared.identifiers import lock_key
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem

_ROOM = """
    busy AS (
        SELECT d.subscription_id AS id, count(*) AS number FROM work w JOIN webhook_deliveries d ON d.id = w.id
        WHERE w.kind = 'webhook' AND w.state = 'leased' AND w.due_at > clock_timestamp() GROUP BY d.subscription_id
    ), room AS (
        SELECT s.id, s.failing_since IS NOT NULL AS failing, coalesce(busy.number, 0) AS under_way,
            CASE WHEN s.failing_since IS NULL THEN :each
                WHEN s.probe_at > :now AND s.probe_at <= CAST(:now AS timestamptz) + CAST(:longest AS interval) THEN 0
                ELSE 1 END - coalesce(busy.number, 0) AS free
        FROM subscriptions s LEFT JOIN busy USING (id) WHERE s.state = 'active'
    )
"""


_JUST_DUE: Final = timedelta(seconds=1)
"""A delivery that became due since the claim that found nothing has been due for no longer than this."""


async def claim(
    connection: AsyncConnection,
    *,
    most: int,
    each: int,
    failing: int,
    now: datetime,
    lease_for: timedelta,
    under_way: Collection[UUID] = (),
) -> list[WorkItem]:
    """Claims deliveries that are due: of a subscription no more than `each` are under way at once, of one that fails a single one.

    Those that fail have at most `failing` under way together, and come last: slow receivers hold up nobody but themselves.
    """
    ours = await _take_turns(connection, most=most, each=each, now=now, lease_for=lease_for)
    if not ours:
        return []
    chosen = await connection.execute(
        text(
            f"""
            WITH {_ROOM}, ready AS (
                SELECT due.id, due.due_at, due.position, room.failing,
                    row_number() OVER (PARTITION BY room.failing ORDER BY due.due_at, due.position) AS place
                FROM room CROSS JOIN LATERAL (
                    SELECT w.id, w.due_at, d.position
                    FROM (SELECT CAST(:lease_for AS interval) AS lease_for) l, webhook_deliveries d JOIN work w ON w.id = d.id
                    WHERE d.subscription_id = room.id AND d.status = 'waiting' AND {worklist.CLAIMABLE}
                    ORDER BY d.position LIMIT room.free
                ) due
                WHERE room.free > 0 AND room.id = ANY(CAST(:ours AS uuid[]))
            )
            SELECT id FROM ready
            WHERE NOT failing OR place <= :failing - (SELECT coalesce(sum(under_way), 0) FROM room WHERE failing)
            ORDER BY failing, due_at, position LIMIT :most
            """  # noqa: S608
        ),
        {"now": now, "each": each, "failing": failing, "most": most, "lease_for": lease_for, "longest": LONGEST_PROBE, "ours": ours},
    )
    order = {row.id: place for place, row in enumerate(chosen)}
    items = await worklist.claim_these(connection, list(order), lease_for, now=now, under_way=under_way)
    return sorted(items, key=lambda item: order[item.id])


async def _take_turns(connection: AsyncConnection, *, most: int, each: int, now: datetime, lease_for: timedelta) -> list[UUID]:
    """Subscriptions that have room and something due, chosen by chance, and for the transaction this worker's alone: two workers claim for
    different ones at the same time, and never both fill the same room. Those that fail share one turn, as they share one room."""
    taken = await connection.execute(
        text(
            f"""
            WITH {_ROOM}, open AS MATERIALIZED (
                SELECT room.id, room.failing FROM room CROSS JOIN LATERAL (
                    SELECT FROM (SELECT CAST(:lease_for AS interval) AS lease_for) l, webhook_deliveries d JOIN work w ON w.id = d.id
                    WHERE d.subscription_id = room.id AND d.status = 'waiting' AND {worklist.CLAIMABLE} LIMIT 1
                ) due
                WHERE room.free > 0 ORDER BY room.failing, random() LIMIT :most
            )
            SELECT id FROM open
            WHERE pg_try_advisory_xact_lock(hashtextextended(CASE WHEN failing THEN '' ELSE CAST(id AS text) END, :turns))
            """  # noqa: S608
        ),
        {"now": now, "each": each, "most": most, "lease_for": lease_for, "longest": LONGEST_PROBE, "turns": lock_key("webhook-claims")},
    )
    return [row.id for row in taken]


async def next_due(connection: AsyncConnection, *, each: int, failing: int, now: datetime) -> datetime | None:
    """When the next delivery is due of those that there is room for now, or when a receiver that fails may be asked again.

    Deliveries that are due already have been claimed, or have no room: they are passed over, however many they are.
    """
    due: datetime | None = (
        await connection.execute(
            text(
                f"""
                WITH {_ROOM}, next AS (
                    SELECT w.due_at FROM work w JOIN webhook_deliveries d ON d.id = w.id JOIN room ON room.id = d.subscription_id
                    WHERE w.kind = 'webhook' AND w.state = 'waiting' AND w.due_at > :since AND room.free > 0
                        AND (NOT room.failing OR (SELECT coalesce(sum(under_way), 0) FROM room WHERE failing) < :failing)
                    ORDER BY w.due_at LIMIT 1
                ), probe AS (
                    SELECT min(s.probe_at) AS due_at FROM subscriptions s
                    WHERE s.state = 'active' AND s.probe_at > :since
                        AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.subscription_id = s.id AND d.status = 'waiting')
                )
                SELECT least((SELECT due_at FROM next), (SELECT due_at FROM probe))
                """  # noqa: S608
            ),
            {"each": each, "failing": failing, "now": now, "since": now - _JUST_DUE, "longest": LONGEST_PROBE},
        )
    ).scalar()
    return due
