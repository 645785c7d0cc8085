"""Which deliveries go next, so that no subscription takes more than its share: SQL."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.partners.repository.webhooks import WORK_KIND
from shared.identifiers import lock_key
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem

_ROOM = """
    busy AS (
        SELECT d.subscription_id AS id, count(*) AS number FROM work w JOIN webhook_deliveries d ON d.id = w.id
        WHERE w.kind = 'webhook' AND w.state = 'leased' AND w.due_at > clock_timestamp() GROUP BY d.subscription_id
    ), room AS (
        SELECT s.id, s.failing_since IS NOT NULL AS failing, coalesce(busy.number, 0) AS under_way,
            CASE WHEN s.failing_since IS NULL THEN :each ELSE 1 END - coalesce(busy.number, 0) AS free
        FROM subscriptions s LEFT JOIN busy USING (id) WHERE s.state = 'active'
    )
"""


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
    # Claims one after another, so that two workers don't both fill the same room.
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key("webhook-claims")})
    chosen = await connection.execute(
        text(
            f"""
            WITH {_ROOM}, ready AS (
                SELECT due.id, due.due_at, due.position, room.failing,
                    row_number() OVER (PARTITION BY room.failing ORDER BY due.due_at, due.position) AS place
                FROM room CROSS JOIN LATERAL (
                    SELECT w.id, w.due_at, d.position FROM webhook_deliveries d JOIN work w ON w.id = d.id
                    WHERE d.subscription_id = room.id AND d.status = 'waiting' AND ({worklist.CLAIMABLE})
                    ORDER BY d.position LIMIT room.free
                ) due
                WHERE room.free > 0
            )
            SELECT id FROM ready
            WHERE NOT failing OR place <= :failing - (SELECT coalesce(sum(under_way), 0) FROM room WHERE failing)
            ORDER BY failing, due_at, position LIMIT :most
            """  # noqa: S608
        ),
        {"now": now, "each": each, "failing": failing, "most": most, "lease_for": lease_for},
    )
    order = {row.id: place for place, row in enumerate(chosen)}
    items = await worklist.claim(connection, [WORK_KIND], most=most, now=now, lease_for=lease_for, among=list(order), under_way=under_way)
    return sorted(items, key=lambda item: order[item.id])


async def next_due(connection: AsyncConnection, *, each: int, failing: int) -> datetime | None:
    """When the next delivery is due of those that there is room for now."""
    due: datetime | None = (
        await connection.execute(
            text(
                f"""
                WITH {_ROOM}
                SELECT min(w.due_at) FROM room
                JOIN webhook_deliveries d ON d.subscription_id = room.id AND d.status = 'waiting'
                JOIN work w ON w.id = d.id AND w.state = 'waiting'
                WHERE room.free > 0
                    AND (NOT room.failing OR (SELECT coalesce(sum(under_way), 0) FROM room WHERE failing) < :failing)
                """  # noqa: S608
            ),
            {"each": each, "failing": failing},
        )
    ).scalar()
    return due
