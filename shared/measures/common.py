"""The measures of every service: lag, outbox, worklist, dead letters, the last backup."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.lag import GroupLag
from shared.deadletters import repository as dead_letters
from shared.outbox import repository as outbox
from shared.telemetry import metrics
from shared.worklist import repository as worklist

Measure = Callable[[AsyncConnection, datetime], Awaitable[None]]
"""Sets gauges by what is in the service's database at a time of its clock."""


def note_lags(schema: str, lags: list[GroupLag]) -> None:
    """Sets how far each group of the service is behind."""
    for lag in lags:
        if lag.group.startswith(f"{schema}."):
            metrics.LAG_RECORDS.labels(lag.group, lag.topic, lag.partition).set(lag.records)
            metrics.LAG_SECONDS.labels(lag.group, lag.topic, lag.partition).set(lag.seconds)


async def measure_common(connection: AsyncConnection, schema: str, now: datetime) -> None:
    """Sets the outbox, the worklist by kind, and the dead letters that wait by reason; those that are gone are 0."""
    backlog = await outbox.backlog(connection)
    metrics.OUTBOX_PENDING.labels(schema).set(backlog.count)
    metrics.OUTBOX_AGE_SECONDS.labels(schema).set(backlog.age.total_seconds())
    metrics.OUTBOX_REFUSED.labels(schema).set(backlog.refused)
    work = {row["kind"]: row for row in await worklist.by_kind(connection, now)}
    for kind in metrics.seen("work", schema, work):
        row = work.get(kind)
        metrics.WORK_DUE.labels(schema, kind).set(row["due"] if row else 0)
        metrics.WORK_OLDEST_SECONDS.labels(schema, kind).set(float(row["seconds"]) if row else 0)
    waiting: dict[str, int] = {}
    for row in await dead_letters.by_reason(connection):
        waiting[row["reason"]] = waiting.get(row["reason"], 0) + row["letters"]
    for reason in metrics.seen("dead letters", schema, waiting):
        metrics.DEAD_LETTERS_WAITING.labels(schema, reason).set(waiting.get(reason, 0))
