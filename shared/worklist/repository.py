"""The worklist's SQL: claim, lease and fencing in one statement each."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

CLAIMABLE: Final = """
    state = 'waiting' AND due_at <= :now
    OR state = 'leased' AND (due_at <= clock_timestamp() OR due_at > clock_timestamp() + CAST(:lease_for AS interval))
"""
"""A waiting item is due at `due_at`; a leased one has it as the end of its lease."""

WorkState = Literal["waiting", "leased", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A claimed item: `lease` proves the claim, `attempt` counts from 1. `lost` attempts just before this one never came to an end."""

    id: uuid.UUID
    kind: str
    attempt: int
    lease: uuid.UUID
    created_at: datetime
    lost: int = 0


class LeaseLostError(Exception):
    """The item was claimed by another worker, or settled, meanwhile: nothing of this attempt may be kept."""


def channel(schema: str) -> str:
    """The NOTIFY channel that wakes a schema's workers."""
    return f"star_work_{schema}"


async def add(connection: AsyncConnection, kind: str, item: uuid.UUID, due_at: datetime, now: datetime) -> bool:
    """Puts an item on the list, once: False when it is there already, in whatever state. Finished ones are kept for some months."""
    added = await connection.execute(
        text(
            """
            INSERT INTO work (id, kind, due_at, created_at) VALUES (:id, :kind, :due_at, :now)
            ON CONFLICT (id) DO NOTHING
            """
        ),
        {"id": item, "kind": kind, "due_at": due_at, "now": now},
    )
    await wake(connection)
    return added.rowcount == 1


async def reschedule(connection: AsyncConnection, item: uuid.UUID, due_at: datetime) -> bool:
    """Moves a waiting item, or one that was given up or cancelled, to another time; False while it is leased or when it is done."""
    moved = await connection.execute(
        text(
            """
            UPDATE work SET state = 'waiting', due_at = :due_at, settled_at = NULL
            WHERE id = :id AND state IN ('waiting', 'failed', 'cancelled')
            """
        ),
        {"id": item, "due_at": due_at},
    )
    await wake(connection)
    return moved.rowcount == 1


async def cancel(connection: AsyncConnection, item: uuid.UUID, now: datetime) -> bool:
    """Takes a waiting item off the list; False when it is leased or settled.

    An item that is being claimed or settled at this moment counts as leased, instead of being waited for: who settles may be waiting
    for something that the caller holds.
    """
    cancelled = await connection.execute(
        text(
            """
            UPDATE work SET state = 'cancelled', settled_at = :now
            WHERE id = (SELECT id FROM work WHERE id = :id AND state = 'waiting' FOR UPDATE SKIP LOCKED)
            """
        ),
        {"id": item, "now": now},
    )
    return cancelled.rowcount == 1


async def add_all(connection: AsyncConnection, kind: str, items: Sequence[uuid.UUID], due_at: datetime, now: datetime) -> None:
    """Puts items on the list that may be there already: those that are settled start anew, and those that wait become due then.

    An item that is leased stays with whoever is at it.
    """
    if not items:
        return
    values = {"kind": kind, "items": sorted(items), "due_at": due_at, "now": now}
    await connection.execute(
        text(
            """
            INSERT INTO work (id, kind, due_at, created_at) SELECT id, :kind, :due_at, :now FROM unnest(CAST(:items AS uuid[])) AS id
            ON CONFLICT (id) DO NOTHING
            """
        ),
        values,
    )
    await connection.execute(
        text(
            """
            UPDATE work SET state = 'waiting', due_at = :due_at, settled_at = NULL
            WHERE id IN (
                SELECT id FROM work WHERE id = ANY(CAST(:items AS uuid[])) AND kind = :kind AND state <> 'leased'
                FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {name: values[name] for name in ("kind", "items", "due_at")},
    )
    await wake(connection)


async def claim(
    connection: AsyncConnection,
    kinds: Sequence[str],
    *,
    most: int,
    now: datetime,
    lease_for: timedelta,
    among: Sequence[uuid.UUID] | None = None,
    under_way: Collection[uuid.UUID] = (),
) -> list[WorkItem]:
    """Claims items that are due, also those whose worker has let the lease run out, and writes down each attempt.

    `among` narrows the choice to some items, for a kind with rules of its own about which go first; `under_way` are the caller's own,
    which it must not take from itself. Items are due by the caller's clock, but a lease ends by the database's, so that no host whose clock
    steps takes what another one is at; a lease that ends further ahead than its whole length is nobody's. Commit before acting: the
    attempt must be on record before its side effect.
    """
    rows = await connection.execute(
        text(
            f"""
            WITH due AS (
                SELECT id FROM work
                WHERE kind = ANY(CAST(:kinds AS text[])) AND ({CLAIMABLE})
                    AND (CAST(:among AS uuid[]) IS NULL OR id = ANY(CAST(:among AS uuid[])))
                    AND id <> ALL(CAST(:under_way AS uuid[]))
                ORDER BY due_at LIMIT :most
                FOR UPDATE SKIP LOCKED
            ), claimed AS (
                UPDATE work w SET state = 'leased', lease = gen_random_uuid(), attempts = attempts + 1,
                    due_at = clock_timestamp() + CAST(:lease_for AS interval)
                FROM due WHERE w.id = due.id
                RETURNING w.id, w.kind, w.attempts, w.lease, w.created_at
            ), noted AS (
                INSERT INTO work_attempts (work_id, attempt, started_at) SELECT id, attempts, :now FROM claimed
            )
            SELECT c.*, (
                SELECT count(*) FROM work_attempts a
                WHERE a.work_id = c.id AND a.attempt > coalesce(
                    (SELECT max(e.attempt) FROM work_attempts e WHERE e.work_id = c.id AND e.outcome IS NOT NULL), 0)
            )
            FROM claimed c
            """  # noqa: S608
        ),
        {
            "kinds": list(kinds),
            "now": now,
            "most": most,
            "lease_for": lease_for,
            "among": None if among is None else list(among),
            "under_way": list(under_way),
        },
    )
    return [WorkItem(*row) for row in rows]


async def settle(
    connection: AsyncConnection,
    item: WorkItem,
    outcome: Literal["done", "retry", "failed"],
    *,
    now: datetime,
    due_at: datetime | None = None,
    detail: str | None = None,
) -> None:
    """Ends an attempt. `due_at` is when to try again, for `retry`. Raises LeaseLostError when the claim is not ours any more."""
    state = {"done": "done", "retry": "waiting", "failed": "failed"}[outcome]
    settled = await connection.execute(
        text(
            """
            UPDATE work SET state = :state, lease = NULL, due_at = coalesce(:due_at, due_at),
                last_error = CASE WHEN :state = 'done' THEN NULL ELSE :detail END,
                settled_at = CASE WHEN :state = 'waiting' THEN NULL ELSE CAST(:now AS timestamptz) END
            WHERE id = :id AND lease = :lease
            """
        ),
        {"id": item.id, "lease": item.lease, "state": state, "due_at": due_at, "detail": detail, "now": now},
    )
    if settled.rowcount != 1:
        raise LeaseLostError(str(item.id))
    await connection.execute(
        text("UPDATE work_attempts SET ended_at = :now, outcome = :outcome, detail = :detail WHERE work_id = :id AND attempt = :attempt"),
        {"id": item.id, "attempt": item.attempt, "now": now, "outcome": outcome, "detail": detail},
    )


async def next_due(connection: AsyncConnection, kinds: Sequence[str]) -> datetime | None:
    """When the next waiting item is due."""
    return (
        await connection.execute(
            text("SELECT min(due_at) FROM work WHERE kind = ANY(CAST(:kinds AS text[])) AND state = 'waiting'"), {"kinds": list(kinds)}
        )
    ).scalar()


async def overdue(connection: AsyncConnection, kinds: Sequence[str], now: datetime) -> dict[str, int]:
    """How many items of each kind are due and not under way."""
    rows = await connection.execute(
        text(
            """
            SELECT kind, count(*) AS overdue FROM work
            WHERE kind = ANY(CAST(:kinds AS text[])) AND state IN ('waiting', 'leased')
                AND due_at <= CASE state WHEN 'waiting' THEN CAST(:now AS timestamptz) ELSE clock_timestamp() END
            GROUP BY kind
            """
        ),
        {"kinds": list(kinds), "now": now},
    )
    return dict.fromkeys(kinds, 0) | {row.kind: row.overdue for row in rows}


async def forget_finished_before(connection: AsyncConnection, kinds: Sequence[str], moment: datetime, most: int) -> int:
    """Deletes up to `most` finished items of some kinds, settled before a moment, with their attempts; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM work WHERE id = ANY(ARRAY(
                SELECT id FROM work WHERE kind = ANY(CAST(:kinds AS text[])) AND settled_at < :moment
                ORDER BY settled_at LIMIT :most FOR UPDATE SKIP LOCKED
            ))
            """
        ),
        {"kinds": list(kinds), "moment": moment, "most": most},
    )
    return deleted.rowcount


async def wake(connection: AsyncConnection) -> None:
    """Wakes the schema's workers at commit."""
    await connection.execute(text("SELECT pg_notify('star_work_' || current_schema(), '')"))
