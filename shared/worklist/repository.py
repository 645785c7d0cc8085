"""The worklist's SQL: claim, lease and fencing in one statement each."""

import uuid
from binascii import crc32
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_WAITING: Final = "state = 'waiting' AND due_at <= :now"
_LAPSED: Final = "state = 'leased' AND (due_at <= clock_timestamp() OR due_at > clock_timestamp() + lease_for)"

CLAIMABLE: Final = f"({_WAITING} OR {_LAPSED})"
"""A waiting item is due at `due_at`; a leased one has it as the end of its lease. The query gives the lease's length as `lease_for`."""

APART: Final = timedelta(seconds=1)
"""Clocks of two hosts that are set by one source may be so far apart; more than that, and a wait set by the other one is kept short."""

SHARES: Final = 32
"""Between so many shares of a kind the places go round. Schools fall into them by chance: a flood of one keeps only those waiting that
are in the same share, one of 32, and a claim looks at so many places whatever waits."""

WorkState = Literal["waiting", "leased", "done", "failed", "cancelled"]


_CLAIMED: Final = """
    claimed AS (
        UPDATE work w SET state = 'leased', lease = gen_random_uuid(), attempts = attempts + 1,
            due_at = clock_timestamp() + due.lease_for
        FROM due WHERE w.id = due.id
        RETURNING w.id, w.kind, w.attempts, w.lease, w.created_at, w.share, w.traceparent
    ), noted AS (
        INSERT INTO work_attempts (work_id, attempt, started_at) SELECT id, attempts, :now FROM claimed
    )
    SELECT c.*, (
        SELECT count(*) FROM work_attempts a
        WHERE a.work_id = c.id AND a.attempt > coalesce(
            (SELECT max(e.attempt) FROM work_attempts e WHERE e.work_id = c.id AND e.outcome IS NOT NULL), 0)
    )
    FROM claimed c
"""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A claimed item: `lease` proves the claim, `attempt` counts from 1. `traceparent` is the span that put it on the list, where that was
    traced. `lost` attempts just before this one never came to an end."""

    id: uuid.UUID
    kind: str
    attempt: int
    lease: uuid.UUID
    created_at: datetime
    share: int = 0
    traceparent: str | None = None
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Claimant:
    """A kind whose items are to be claimed: the length of its lease, how many of it the caller has under way, and the share that was served
    last (`last_share`)."""

    kind: str
    lease_for: timedelta
    busy: int = 0
    after: int = SHARES - 1


class LeaseLostError(Exception):
    """The item was claimed by another worker, or settled, meanwhile: nothing of this attempt may be kept."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of an attempt: `due_at` is when to try again, for an item that goes back to `waiting`."""

    item: WorkItem
    outcome: Literal["done", "retry", "failed"]
    due_at: datetime | None = None
    detail: str | None = None


def share_of(name: str) -> int:
    """The share of a school, or of whoever else must not be kept waiting by others."""
    return crc32(name.encode()) % SHARES


def last_share(items: Iterable[WorkItem], after: int) -> int:
    """The share that was served last by a claim that went round from `after` on."""
    return max((item.share for item in items), key=lambda share: (share - after - 1) % SHARES, default=after)


def channel(schema: str) -> str:
    """The NOTIFY channel that wakes a schema's workers."""
    return f"star_work_{schema}"


async def add(
    connection: AsyncConnection,
    kind: str,
    item: uuid.UUID,
    due_at: datetime,
    now: datetime,
    *,
    by_calendar: bool = False,
    share: int = 0,
) -> bool:
    """Puts an item on the list, once: False when it is there already, in whatever state. Finished ones are kept for some months.

    `by_calendar`: it is due at that time of the day, and not after a wait that began now; see `keep_waits`. `share`: see `share_of`.
    """
    added = await connection.execute(
        text(
            """
            INSERT INTO work (id, kind, due_at, created_at, put_at, share) VALUES (:id, :kind, :due_at, :now, :put_at, :share)
            ON CONFLICT (id) DO NOTHING
            """
        ),
        {"id": item, "kind": kind, "due_at": due_at, "now": now, "put_at": None if by_calendar else now, "share": share},
    )
    await wake(connection, kind)
    return added.rowcount == 1


async def add_new(
    connection: AsyncConnection, kind: str, due: Mapping[uuid.UUID, datetime], now: datetime, shares: Mapping[uuid.UUID, int] | None = None
) -> None:
    """Puts items on the list, each due after a wait that begins now; those that are there already stay as they are.

    `shares` has the items' shares (`share_of`), where they are of different schools.
    """
    await connection.execute(
        text(
            """
            INSERT INTO work (id, kind, due_at, created_at, put_at, share)
            SELECT id, :kind, due_at, :now, :now, share
            FROM unnest(CAST(:ids AS uuid[]), CAST(:due_ats AS timestamptz[]), CAST(:shares AS smallint[])) AS n(id, due_at, share)
            ON CONFLICT (id) DO NOTHING
            """
        ),
        {
            "kind": kind,
            "ids": list(due),
            "due_ats": list(due.values()),
            "shares": [(shares or {}).get(item, 0) for item in due],
            "now": now,
        },
    )
    await wake(connection, kind)


async def reschedule(connection: AsyncConnection, item: uuid.UUID, due_at: datetime, now: datetime) -> bool:
    """Moves a waiting item, or one that was given up or cancelled, to another time; False while it is leased or when it is done."""
    return bool(await reschedule_all(connection, {item: due_at}, now))


async def reschedule_all(connection: AsyncConnection, due: Mapping[uuid.UUID, datetime], now: datetime) -> set[uuid.UUID]:
    """Moves items as `reschedule` does, each to its time; answers those that moved."""
    if not due:
        return set()
    ordered = sorted(due)
    moved = await connection.execute(
        text(
            """
            UPDATE work w SET state = 'waiting', due_at = n.due_at, put_at = :now, settled_at = NULL
            FROM unnest(CAST(:ids AS uuid[]), CAST(:due_ats AS timestamptz[])) AS n(id, due_at)
            WHERE w.id = n.id AND w.state IN ('waiting', 'failed', 'cancelled')
            RETURNING w.id
            """
        ),
        {"ids": ordered, "due_ats": [due[item] for item in ordered], "now": now},
    )
    await wake(connection)
    return {row.id for row in moved}


async def cancel(connection: AsyncConnection, item: uuid.UUID, now: datetime) -> bool:
    """Takes a waiting item off the list; False when it is leased or settled.

    An item that is being claimed or settled at this moment counts as leased, instead of being waited for: who settles may be waiting
    for something that the caller holds.
    """
    return bool(await cancel_all(connection, [item], now))


async def cancel_all(connection: AsyncConnection, items: Collection[uuid.UUID], now: datetime) -> set[uuid.UUID]:
    """Takes items off the list as `cancel` does; answers those that are off now."""
    if not items:
        return set()
    cancelled = await connection.execute(
        text(
            """
            UPDATE work SET state = 'cancelled', settled_at = :now
            WHERE id = ANY(ARRAY(
                SELECT id FROM work WHERE id = ANY(CAST(:ids AS uuid[])) AND state = 'waiting' ORDER BY id FOR UPDATE SKIP LOCKED
            ))
            RETURNING id
            """
        ),
        {"ids": sorted(items), "now": now},
    )
    return {row.id for row in cancelled}


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
            INSERT INTO work (id, kind, due_at, created_at, put_at)
            SELECT id, :kind, :due_at, :now, :now FROM unnest(CAST(:items AS uuid[])) AS id
            ON CONFLICT (id) DO NOTHING
            """
        ),
        values,
    )
    await connection.execute(
        text(
            """
            UPDATE work SET state = 'waiting', due_at = :due_at, put_at = :now, settled_at = NULL
            WHERE id IN (
                SELECT id FROM work WHERE id = ANY(CAST(:items AS uuid[])) AND kind = :kind AND state <> 'leased'
                FOR UPDATE SKIP LOCKED
            )
            """
        ),
        {name: values[name] for name in ("kind", "items", "due_at", "now")},
    )
    await wake(connection, kind)


async def claim(
    connection: AsyncConnection, kinds: Sequence[Claimant], *, most: int, now: datetime, under_way: Collection[uuid.UUID] = ()
) -> list[WorkItem]:
    """Claims up to `most` items that are due, also those whose worker has let the lease run out, and writes down each attempt.

    Kinds share evenly, what they have under way included: a kind with little to do gets it done beside a flood of another. Within a kind
    the shares go round, from the one after the last that was served, each with what is due longest in it. `under_way` are the caller's
    own, which it must not take from itself. Items are due by the caller's clock, but a lease ends by the database's, so that no host whose
    clock steps takes what another one is at; a lease that ends further ahead than its whole length is nobody's. Commit before acting: the
    attempt must be on record before its side effect.
    """
    # Waiting and leased items are looked up apart, each by an index in the order of time: a claim costs the same whatever waits. No more
    # of a share is locked than can be taken if all that have something due go round.
    rows = await connection.execute(
        text(
            f"""
            WITH kinds AS (
                SELECT * FROM unnest(
                    CAST(:kinds AS text[]), CAST(:leases AS interval[]), CAST(:busy AS int[]), CAST(:after AS int[])
                ) AS k(kind, lease_for, busy, after)
            ), shares AS (
                SELECT k.kind, s.share, d.distance, count(*) OVER (PARTITION BY k.kind) AS number,
                    row_number() OVER (PARTITION BY k.kind ORDER BY d.distance) AS rank
                FROM kinds k CROSS JOIN generate_series(0, {SHARES - 1}) AS s(share) CROSS JOIN LATERAL (
                    SELECT FROM work WHERE kind = k.kind AND share = s.share AND {_WAITING} ORDER BY due_at LIMIT 1
                ) due CROSS JOIN LATERAL (SELECT (s.share - k.after + {SHARES - 1}) % {SHARES} AS distance) d
            ), waiting AS (
                SELECT k.*, w.*, row_number() OVER (PARTITION BY k.kind, s.share ORDER BY w.due_at) AS turn, s.distance
                FROM kinds k JOIN shares s USING (kind) CROSS JOIN LATERAL (
                    SELECT id, due_at FROM work
                    WHERE kind = s.kind AND share = s.share AND {_WAITING} AND id <> ALL(CAST(:under_way AS uuid[]))
                    ORDER BY due_at LIMIT CAST(ceil(CAST(:most AS numeric) / s.number) AS bigint) FOR UPDATE SKIP LOCKED
                ) w
                WHERE s.rank <= :most
            ), lapsed AS (
                SELECT k.*, w.*, 0 AS turn, 0 AS distance FROM kinds k CROSS JOIN LATERAL (
                    SELECT id, due_at FROM work
                    WHERE kind = k.kind AND {_LAPSED} AND id <> ALL(CAST(:under_way AS uuid[]))
                    ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
                ) w
            ), due AS (
                SELECT id, lease_for, due_at, busy + row_number() OVER (PARTITION BY kind ORDER BY turn, distance, due_at) AS place
                FROM (SELECT * FROM waiting UNION ALL SELECT * FROM lapsed) d
                ORDER BY place, due_at LIMIT :most
            ), {_CLAIMED}
            """  # noqa: S608
        ),
        {
            "kinds": [claimant.kind for claimant in kinds],
            "leases": [claimant.lease_for for claimant in kinds],
            "busy": [claimant.busy for claimant in kinds],
            "after": [claimant.after for claimant in kinds],
            "now": now,
            "most": most,
            "under_way": list(under_way),
        },
    )
    return [WorkItem(*row) for row in rows]


async def claim_these(
    connection: AsyncConnection,
    items: Sequence[uuid.UUID],
    lease_for: timedelta,
    *,
    now: datetime,
    under_way: Collection[uuid.UUID] = (),
    early: bool = False,
) -> list[WorkItem]:
    """Claims those of some items that are due, as `claim` does: for a kind with rules of its own about which go first. `early`: also those
    that wait and are not due yet."""
    claimable = f"(state = 'waiting' OR {_LAPSED})" if early else CLAIMABLE
    rows = await connection.execute(
        text(
            f"""
            WITH due AS (
                SELECT w.id, l.lease_for FROM (SELECT CAST(:lease_for AS interval) AS lease_for) l CROSS JOIN LATERAL (
                    SELECT id FROM work
                    WHERE id = ANY(CAST(:items AS uuid[])) AND id <> ALL(CAST(:under_way AS uuid[])) AND {claimable}
                    FOR UPDATE SKIP LOCKED
                ) w
            ), {_CLAIMED}
            """  # noqa: S608
        ),
        {"items": list(items), "under_way": list(under_way), "lease_for": lease_for, "now": now},
    )
    return [WorkItem(*row) for row in rows]


async def settle_all(connection: AsyncConnection, settlements: Sequence[Settlement], now: datetime) -> set[uuid.UUID]:
    """Ends attempts; answers the items whose claim was still the caller's. Nothing may be kept of the others."""
    states = {"done": "done", "retry": "waiting", "failed": "failed"}
    settled = await connection.execute(
        text(
            """
            WITH settled AS (
                UPDATE work w SET state = n.state, lease = NULL, due_at = coalesce(n.due_at, w.due_at), put_at = :now,
                    last_error = CASE WHEN n.state = 'done' THEN NULL ELSE n.detail END,
                    settled_at = CASE WHEN n.state = 'waiting' THEN NULL ELSE CAST(:now AS timestamptz) END
                FROM unnest(
                    CAST(:ids AS uuid[]), CAST(:leases AS uuid[]), CAST(:states AS text[]), CAST(:due_ats AS timestamptz[]),
                    CAST(:outcomes AS text[]), CAST(:details AS text[])
                ) AS n(id, lease, state, due_at, outcome, detail)
                WHERE w.id = n.id AND w.lease = n.lease
                RETURNING w.id, w.attempts, n.outcome, n.detail
            )
            UPDATE work_attempts a SET ended_at = :now, outcome = s.outcome, detail = s.detail
            FROM settled s WHERE a.work_id = s.id AND a.attempt = s.attempts
            RETURNING a.work_id
            """
        ),
        {
            "ids": [settlement.item.id for settlement in settlements],
            "leases": [settlement.item.lease for settlement in settlements],
            "states": [states[settlement.outcome] for settlement in settlements],
            "due_ats": [settlement.due_at for settlement in settlements],
            "outcomes": [settlement.outcome for settlement in settlements],
            "details": [settlement.detail for settlement in settlements],
            "now": now,
        },
    )
    return {row.work_id for row in settled}


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
    if not await settle_all(connection, [Settlement(item, outcome, due_at, detail)], now):
        raise LeaseLostError(str(item.id))


async def keep_waits(connection: AsyncConnection, kinds: Sequence[str], now: datetime) -> int:
    """Lets items wait no longer than they were to when their time was set, although that was by a clock ahead of `now`: what was left then
    is counted from now. Answers how many.

    So what was due at once before the clock was set back, or by another host's clock, is due at once.
    """
    kept = await connection.execute(
        text(
            """
            UPDATE work SET due_at = due_at - (put_at - CAST(:now AS timestamptz)), put_at = :now
            WHERE id = ANY(ARRAY(
                SELECT id FROM work
                WHERE kind = ANY(CAST(:kinds AS text[])) AND state = 'waiting' AND due_at > :now
                    AND put_at > CAST(:now AS timestamptz) + CAST(:apart AS interval)
                FOR UPDATE SKIP LOCKED
            ))
            """
        ),
        {"kinds": list(kinds), "now": now, "apart": APART},
    )
    return kept.rowcount


async def next_due(connection: AsyncConnection, kinds: Sequence[str]) -> datetime | None:
    """When the next waiting item is due."""
    return (
        await connection.execute(
            text(
                """
                SELECT min(w.due_at) FROM unnest(CAST(:kinds AS text[])) AS k(kind) CROSS JOIN LATERAL (
                    SELECT due_at FROM work WHERE kind = k.kind AND state = 'waiting' ORDER BY due_at LIMIT 1
                ) w
                """
            ),
            {"kinds": list(kinds)},
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


async def by_kind(connection: AsyncConnection, now: datetime) -> list[Mapping[str, Any]]:
    """Each kind with anything to do, or that failed in the last day: items that wait, those of them that are due and for how many seconds
    the oldest, those that failed, and the newest error."""
    rows = await connection.execute(
        text(
            """
            SELECT kind, count(*) FILTER (WHERE state IN ('waiting', 'leased')) AS waiting,
                count(*) FILTER (WHERE state = 'waiting' AND due_at <= :now) AS due,
                coalesce(extract(epoch FROM CAST(:now AS timestamptz) - min(due_at) FILTER (WHERE state = 'waiting' AND due_at <= :now)), 0)
                    AS seconds,
                count(*) FILTER (WHERE state = 'failed') AS failed,
                (array_agg(last_error ORDER BY coalesce(settled_at, due_at) DESC) FILTER (WHERE last_error IS NOT NULL))[1] AS last_error
            FROM work
            WHERE state IN ('waiting', 'leased') OR (state = 'failed' AND settled_at >= CAST(:now AS timestamptz) - interval '1 day')
            GROUP BY kind ORDER BY kind
            """
        ),
        {"now": now},
    )
    return [dict(row) for row in rows.mappings()]


async def items(
    connection: AsyncConnection, kind: str, now: datetime, *, failed: bool, after: tuple[datetime, uuid.UUID] | None, most: int
) -> list[Mapping[str, Any]]:
    """Items of a kind that are not finished, the longest due first; or those that failed in the last day."""
    after_at, after_id = after if after is not None else (None, None)
    rows = await connection.execute(
        text(
            """
            SELECT id, kind, state, due_at, attempts, last_error, created_at, settled_at FROM work
            WHERE kind = :kind
                AND CASE WHEN :failed THEN state = 'failed' AND settled_at >= CAST(:now AS timestamptz) - interval '1 day'
                    ELSE state IN ('waiting', 'leased') END
                AND (CAST(:after_at AS timestamptz) IS NULL OR (due_at, id) > (:after_at, CAST(:after_id AS uuid)))
            ORDER BY due_at, id LIMIT :most
            """
        ),
        {"kind": kind, "now": now, "failed": failed, "after_at": after_at, "after_id": after_id, "most": most},
    )
    return [dict(row) for row in rows.mappings()]


async def last_done(connection: AsyncConnection, kind: str) -> datetime | None:
    """When an item of the kind was last done."""
    rows = await connection.execute(
        text(
            "SELECT settled_at FROM work WHERE kind = :kind AND state = 'done' AND settled_at IS NOT NULL ORDER BY settled_at DESC LIMIT 1"
        ),
        {"kind": kind},
    )
    return rows.scalar_one_or_none()


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


async def wake(connection: AsyncConnection, kind: str = "") -> None:
    """Wakes the schema's workers at commit; those of one kind of work, where it is named."""
    await connection.execute(text("SELECT pg_notify('star_work_' || current_schema(), :kind)"), {"kind": kind})
