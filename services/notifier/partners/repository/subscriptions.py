"""Partners' subscriptions: SQL. One that is deleted stays as a row without its secrets until the work on it has ended."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.partners.formats import Format

SHORTEST_PROBE: Final = timedelta(seconds=1)
LONGEST_PROBE: Final = timedelta(minutes=5)
"""The pauses of a receiver that fails."""

State = Literal["active", "paused", "disabled"]
Reason = Literal["gone", "failing"]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription; `schools` None means all of them. Its secrets are sealed, and stay out of what is printed by accident."""

    id: uuid.UUID
    owner: str
    url: str
    schools: tuple[str, ...] | None
    events: tuple[str, ...]
    state: State
    reason: Reason | None
    secret: bytes
    previous_secret: bytes | None
    previous_until: datetime | None
    failing_since: datetime | None
    created_at: datetime
    state_since: datetime
    rotated_under: uuid.UUID | None = None
    """The request that made the secret, where it came under a key."""
    format: Format = "cloudevents"

    def __repr__(self) -> str:
        return f"Subscription({self.id})"

    def secrets(self, now: datetime) -> list[bytes]:
        """The secrets that sign at this moment, the newest first."""
        if self.previous_secret is None or self.previous_until is None or now >= self.previous_until:
            return [self.secret]
        return [self.secret, self.previous_secret]


_COLUMNS = """id, owner, url, schools, events, state, reason, secret, previous_secret, previous_until, failing_since, created_at,
    state_since, rotated_under, format"""


async def add(connection: AsyncConnection, subscription: Subscription, most: int) -> bool:
    """Keeps a new subscription; False when its owner has `most` of them already, or when its id is taken."""
    # One at a time for each owner, so that two at once can't both be the last.
    await connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:owner, 0))"), {"owner": f"subscriptions/{subscription.owner}"}
    )
    added = await connection.execute(
        text(
            """
            INSERT INTO subscriptions (id, owner, url, schools, events, state, secret, created_at, state_since, format)
            SELECT :id, :owner, :url, CAST(:schools AS text[]), CAST(:events AS text[]), 'active', :secret, :now, :now, :format
            WHERE (SELECT count(*) FROM subscriptions WHERE owner = :owner AND state <> 'deleted') < :most
            ON CONFLICT (id) DO NOTHING
            """
        ),
        {
            "id": subscription.id,
            "owner": subscription.owner,
            "url": subscription.url,
            "schools": None if subscription.schools is None else list(subscription.schools),
            "events": list(subscription.events),
            "secret": subscription.secret,
            "now": subscription.created_at,
            "most": most,
            "format": subscription.format,
        },
    )
    return added.rowcount == 1


async def get(connection: AsyncConnection, subscription_id: uuid.UUID, owner: str) -> Subscription | None:
    """The owner's subscription; None also for another's."""
    sql = f"SELECT {_COLUMNS} FROM subscriptions WHERE id = :id AND owner = :owner AND state <> 'deleted'"  # noqa: S608
    return await _one(connection, sql, subscription_id, owner)


async def was_made(connection: AsyncConnection, subscription_id: uuid.UUID) -> bool:
    """Whether there is, or was, a subscription of this id."""
    found = await connection.execute(text("SELECT 1 FROM subscriptions WHERE id = :id"), {"id": subscription_id})
    return found.one_or_none() is not None


async def lock(connection: AsyncConnection, subscription_id: uuid.UUID, owner: str) -> Subscription | None:
    """Like `get`; nobody adds deliveries to it, or changes it, until the transaction ends."""
    sql = f"SELECT {_COLUMNS} FROM subscriptions WHERE id = :id AND owner = :owner AND state <> 'deleted' FOR UPDATE"  # noqa: S608
    return await _one(connection, sql, subscription_id, owner)


async def page(connection: AsyncConnection, owner: str, *, after: tuple[datetime, uuid.UUID] | None, most: int) -> list[Subscription]:
    """The owner's subscriptions, oldest first."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM subscriptions
            WHERE owner = :owner AND state <> 'deleted'
                AND (CAST(:after_at AS timestamptz) IS NULL OR (created_at, id) > (:after_at, CAST(:after_id AS uuid)))
            ORDER BY created_at, id LIMIT :most
            """  # noqa: S608
        ),
        {"owner": owner, "after_at": after[0] if after else None, "after_id": after[1] if after else None, "most": most},
    )
    return [_read(row) for row in rows]


async def page_of_school(
    connection: AsyncConnection, school: str, *, after: tuple[datetime, uuid.UUID] | None, most: int
) -> list[Subscription]:
    """The subscriptions to a school, oldest first."""
    rows = await connection.execute(
        text(
            f"""
            SELECT {_COLUMNS} FROM subscriptions
            WHERE (schools IS NULL OR :school = ANY(schools)) AND state <> 'deleted'
                AND (CAST(:after_at AS timestamptz) IS NULL OR (created_at, id) > (:after_at, CAST(:after_id AS uuid)))
            ORDER BY created_at, id LIMIT :most
            """  # noqa: S608
        ),
        {"school": school, "after_at": after[0] if after else None, "after_id": after[1] if after else None, "most": most},
    )
    return [_read(row) for row in rows]


async def lock_of_school(connection: AsyncConnection, subscription_id: uuid.UUID, school: str) -> Subscription | None:
    """Like `lock`, for a school that the subscription hears of."""
    sql = f"""
        SELECT {_COLUMNS} FROM subscriptions
        WHERE id = :id AND (schools IS NULL OR :school = ANY(schools)) AND state <> 'deleted' FOR UPDATE
    """  # noqa: S608
    row = (await connection.execute(text(sql), {"id": subscription_id, "school": school})).one_or_none()
    return None if row is None else _read(row)


async def change(
    connection: AsyncConnection,
    subscription_id: uuid.UUID,
    *,
    url: str,
    schools: Sequence[str] | None,
    events: Sequence[str],
    format_: Format,
) -> None:
    """Another receiver, other schools, other events or another form, for what is sent from now on."""
    await connection.execute(
        text(
            """
            UPDATE subscriptions SET url = :url, schools = CAST(:schools AS text[]), events = CAST(:events AS text[]), format = :format
            WHERE id = :id AND state <> 'deleted'
            """
        ),
        {
            "id": subscription_id,
            "url": url,
            "schools": None if schools is None else list(schools),
            "events": list(events),
            "format": format_,
        },
    )


async def pause(connection: AsyncConnection, subscription_id: uuid.UUID, now: datetime) -> bool:
    """Holds events from now on; False when it was not active."""
    paused = await connection.execute(
        text("UPDATE subscriptions SET state = 'paused', state_since = :now WHERE id = :id AND state = 'active'"),
        {"id": subscription_id, "now": now},
    )
    return paused.rowcount == 1


async def resume(connection: AsyncConnection, subscription_id: uuid.UUID, now: datetime) -> bool:
    """Active again, with its failures forgotten; False when it was active."""
    resumed = await connection.execute(
        text(
            """
            UPDATE subscriptions SET state = 'active', reason = NULL, failing_since = NULL, state_since = :now
            WHERE id = :id AND state IN ('paused', 'disabled')
            """
        ),
        {"id": subscription_id, "now": now},
    )
    return resumed.rowcount == 1


async def disable(connection: AsyncConnection, subscription_id: uuid.UUID, reason: Reason, now: datetime) -> bool:
    """Stops it until its owner resumes it; False when it was not active."""
    disabled = await connection.execute(
        text("UPDATE subscriptions SET state = 'disabled', reason = :reason, state_since = :now WHERE id = :id AND state = 'active'"),
        {"id": subscription_id, "reason": reason, "now": now},
    )
    return disabled.rowcount == 1


async def rotate(
    connection: AsyncConnection, subscription_id: uuid.UUID, secret: bytes, previous_until: datetime, under: uuid.UUID | None
) -> None:
    """A new secret; the one before signs beside it until then. `under` is the request that asked for it."""
    await connection.execute(
        text(
            """
            UPDATE subscriptions SET secret = :secret, previous_secret = secret, previous_until = :until, rotated_under = :under
            WHERE id = :id AND state <> 'deleted'
            """
        ),
        {"id": subscription_id, "secret": secret, "until": previous_until, "under": under},
    )


async def delete(connection: AsyncConnection, subscription_id: uuid.UUID, owner: str, now: datetime) -> bool:
    """Ends it, and forgets its secrets and its URL; False when the owner has no such subscription."""
    deleted = await connection.execute(
        text(
            """
            UPDATE subscriptions SET state = 'deleted', state_since = :now, url = '', reason = NULL,
                secret = NULL, previous_secret = NULL, previous_until = NULL, rotated_under = NULL
            WHERE id = :id AND owner = :owner AND state <> 'deleted'
            """
        ),
        {"id": subscription_id, "owner": owner, "now": now},
    )
    return deleted.rowcount == 1


async def failing(connection: AsyncConnection, subscription_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the subscriptions that fail, without waiting for whoever changes one."""
    rows = await connection.execute(
        text("SELECT id FROM subscriptions WHERE id = ANY(CAST(:ids AS uuid[])) AND failing_since IS NOT NULL"),
        {"ids": list(subscription_ids)},
    )
    return {row.id for row in rows}


async def failed(connection: AsyncConnection, subscription_id: uuid.UUID, now: datetime) -> datetime:
    """Notes that an attempt failed, and when the next one may be made; answers since when all did.

    The receiver is asked again after a quarter of the time that it has been failing: often at first, and in the end every five minutes.
    """
    since: datetime = (
        await connection.execute(
            text(
                """
                UPDATE subscriptions SET failing_since = coalesce(failing_since, :now),
                    probe_at = CAST(:now AS timestamptz)
                        + least(greatest((:now - coalesce(failing_since, :now)) / 4, :shortest), CAST(:longest AS interval))
                WHERE id = :id RETURNING failing_since
                """
            ),
            {"id": subscription_id, "now": now, "shortest": SHORTEST_PROBE, "longest": LONGEST_PROBE},
        )
    ).scalar_one()
    return since


async def recovered(connection: AsyncConnection, subscription_id: uuid.UUID) -> bool:
    """Notes a success; False when another one did before."""
    recovered = await connection.execute(
        text("UPDATE subscriptions SET failing_since = NULL, probe_at = NULL WHERE id = :id AND failing_since IS NOT NULL"),
        {"id": subscription_id},
    )
    return recovered.rowcount == 1


async def state_of(connection: AsyncConnection, subscription_id: uuid.UUID) -> str:
    """Its state, `deleted` included, which holds until the transaction ends: nobody resumes it before what is held here is on record."""
    sql = "SELECT state FROM subscriptions WHERE id = :id FOR SHARE"
    return str((await connection.execute(text(sql), {"id": subscription_id})).scalar_one())


async def _one(connection: AsyncConnection, sql: str, subscription_id: uuid.UUID, owner: str) -> Subscription | None:
    row = (await connection.execute(text(sql), {"id": subscription_id, "owner": owner})).one_or_none()
    return None if row is None else _read(row)


def _read(row: Row[tuple[object, ...]]) -> Subscription:
    fields = dict(row._mapping)
    schools = fields["schools"]
    return Subscription(**(fields | {"schools": None if schools is None else tuple(schools), "events": tuple(fields["events"])}))
