"""A page of the feed behind a cursor, and the cursor behind the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.feed import repository as feed
from services.thresholds.feed.cursors import Cursor, another_history
from services.thresholds.feed.encoded import EncodedEvent, EncodedEvents


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events, oldest first, and where to go on."""

    events: Sequence[EncodedEvent]
    next: Cursor


async def require_known(connection: AsyncConnection, cursor: Cursor) -> None:
    """Raises ProblemError 410 for a cursor that is not of this feed's history."""
    if not (await feed.beside(connection, cursor)).knows(cursor):
        raise another_history()


async def events_after(
    connection: AsyncConnection, encoded: EncodedEvents, cursor: Cursor, *, schools: Sequence[str] | None, limit: int
) -> FeedPage:
    """Events behind a cursor; `schools` None means all. Raises as `require_known` does."""
    await require_known(connection, cursor)
    behind = await feed.after(connection, position=cursor.position, schools=schools, limit=limit)
    events = await encoded.of(connection, behind) if behind else []
    return FeedPage(events, events[-1].cursor if events else cursor)
