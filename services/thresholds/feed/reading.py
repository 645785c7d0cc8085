"""A page of the feed behind a cursor, and the cursor behind the page."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.feed import repository as feed
from services.thresholds.feed.cursors import Cursor, another_history
from services.thresholds.feed.encoded import EncodedEvents, named
from services.thresholds.feed.pages import FeedPage, PageQuestion, Pages


async def require_known(connection: AsyncConnection, cursor: Cursor) -> None:
    """Raises ProblemError 410 for a cursor that is not of this feed's history."""
    if not (await feed.beside(connection, cursor)).knows(cursor):
        raise another_history()


async def events_after(connection: AsyncConnection, encoded: EncodedEvents, pages: Pages, asked: PageQuestion) -> FeedPage:
    """Events behind a cursor. Raises as `require_known` does.

    Readers who ask the same get the same bytes: one of them reads the page, and the others look whether the feed still has it.
    """
    page = await _kept(connection, pages, asked) or await _read(connection, encoded, pages, asked)
    events = await named(connection, page.events)
    return page if events is page.events else page.called(events)


async def _kept(connection: AsyncConnection, pages: Pages, asked: PageQuestion) -> FeedPage | None:
    kept = pages.of(asked)
    if kept is None:
        return None
    stands = await feed.beside(connection, asked.cursor, kept.last.position)
    if not stands.knows(asked.cursor):
        raise another_history()
    return kept.page if stands.has_all(kept.first, kept.last) else None


async def _read(connection: AsyncConnection, encoded: EncodedEvents, pages: Pages, asked: PageQuestion) -> FeedPage:
    await require_known(connection, asked.cursor)
    behind = await feed.after(connection, position=asked.cursor.position, schools=asked.schools, limit=asked.limit)
    events = await encoded.of(connection, behind) if behind else []
    page = FeedPage.of(events, events[-1].cursor if events else asked.cursor)
    if len(events) == asked.limit:
        pages.keep(asked, behind[0], behind[-1], page)
    return page
