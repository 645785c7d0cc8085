"""The bus: whether it answers, has its topics, and how far the groups are."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.doctor.finding import Finding, not_looked_at
from deploy.topics import topic_differences
from shared.bus.interface import Bus, BusRefusedError, BusUnavailableError, TopicDifference
from shared.bus.lag import GroupLag
from shared.db.engine import create_engine
from shared.offsets import repository as offsets
from shared.offsets.repository import KeptGap

LATE: Final = timedelta(minutes=5)
"""Groups are seconds behind at the busiest hour of the day."""


async def look_at_bus(bus: Bus, kind: str, database_url: str) -> list[Finding]:
    """Whether it answers, whether the topics are there, and whether their settings are ours."""
    try:
        await bus.ping()
        missing = await bus.missing_topics()
        differing = await topic_differences(bus, database_url)
    except BusRefusedError as error:
        return [Finding("broker", "fail", f"the bus ({kind}) refuses us", str(error)), not_looked_at("topics", "no broker")]
    except BusUnavailableError as error:
        fix = "start the broker, or correct STAR_BUS and STAR_KAFKA_BOOTSTRAP"
        return [Finding("broker", "fail", f"the bus ({kind}) does not answer: {error}", fix), not_looked_at("topics", "no broker")]
    answers = Finding("broker", "ok", f"the bus ({kind}) answers")
    if missing:
        return [answers, Finding("topics", "fail", f"missing: {', '.join(missing)}", "run `star migrate`")]
    return [answers, _settings(differing)]


def _settings(differing: Sequence[TopicDifference]) -> Finding:
    """The worst of the settings that are not ours. An operator chooses the number of partitions, as long as none is missing."""
    told = [difference for difference in differing if difference.loses or difference.setting != "partitions"]
    if not told:
        return Finding("topics", "ok", "all topics are there")
    worst = max(told, key=lambda difference: difference.loses)
    more = f" (and {len(told) - 1} more: `star migrate` shows all)" if len(told) > 1 else ""
    return Finding("topics", "fail" if worst.loses else "warn", f"{worst}{more}", worst.fix)


async def look_at_offsets(bus: Bus, database_url: str, schemas: Sequence[str]) -> Finding:
    """Whether groups read what follows on what they have consumed, and are not far behind."""
    gaps = [gap for schema in schemas for gap in await _gaps(database_url, schema)]
    lags = await bus.lags()
    beyond = sorted({lag.group for lag in lags if lag.beyond_end})
    if gaps:
        named = ", ".join(f"{gap.group} at {gap.partition.topic}/{gap.partition.number} ({gap.kind})" for gap in gaps)
        fix = "bring the lost marks again, run `star replay --apply`, then `star doctor --settle-gaps`"
        return Finding("offsets", "fail", f"logs don't hold what follows: {named}", fix)
    if beyond:
        return Finding("offsets", "fail", f"ahead of their log: {', '.join(beyond)}", "restart the workers of these groups")
    return _behind(lags)


def _behind(lags: Sequence[GroupLag]) -> Finding:
    late = [lag for lag in lags if lag.seconds > LATE.total_seconds()]
    if late:
        worst = max(late, key=lambda lag: lag.seconds)
        detail = f"{worst.group} is {worst.records} records behind at {worst.topic}/{worst.partition}, {worst.seconds:.0f} s"
        return Finding("offsets", "warn", detail, "look whether its worker runs: `star lag` shows all groups")
    groups = {lag.group for lag in lags}
    if not groups:
        return Finding("offsets", "ok", "no group has read anything yet")
    return Finding("offsets", "ok", f"{len(groups)} groups, together {sum(lag.records for lag in lags)} records behind")


async def settle(database_url: str, schemas: Sequence[str]) -> None:
    """Notes that a person has dealt with all gaps."""
    for schema in schemas:
        async with _opened(database_url, schema) as connection:
            await offsets.settle_gaps(connection, [gap.id for gap in await offsets.open_gaps(connection)])


async def _gaps(database_url: str, schema: str) -> list[KeptGap]:
    async with _opened(database_url, schema) as connection:
        return await offsets.open_gaps(connection)


@asynccontextmanager
async def _opened(database_url: str, schema: str) -> AsyncIterator[AsyncConnection]:
    engine = create_engine(database_url, schema, pool_size=1)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()
