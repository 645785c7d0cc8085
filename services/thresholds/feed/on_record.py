"""The audit log's lines for events that a reader of the feed was given."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.feed.encoded import EncodedEvent
from shared.audit.log import Access, log_accesses
from shared.auth.principal import Principal


async def log_events(connection: AsyncConnection, caller: Principal, events: Sequence[EncodedEvent], now: datetime) -> None:
    """Writes a line for each school whose students the events are about."""
    students: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.student is not None:
            students[event.school].add(event.student)
    accesses = [Access(action="read-events", school=school, students=students[school]) for school in sorted(students)]
    await log_accesses(connection, caller, accesses, now)
