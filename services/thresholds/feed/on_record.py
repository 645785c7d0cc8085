"""The audit log's lines for events that a reader of the feed was given."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.audit.log import Access, log_access
from shared.auth.principal import Principal


class _About(msgspec.Struct):
    school: str
    student: str | None = None


_decoder = msgspec.json.Decoder(_About)


async def log_events(connection: AsyncConnection, caller: Principal, rows: Sequence[RowMapping], now: datetime) -> None:
    """Writes a line for each school whose students the events are about."""
    students: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        about = _decoder.decode(row["data"])
        if about.student is not None:
            students[about.school].add(about.student)
    for school in sorted(students):
        await log_access(connection, caller, Access(action="read-events", school=school, students=students[school]), now)
