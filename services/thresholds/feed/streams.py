"""The events feed as streams of server-sent events: their content, and the bound on their number."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import structlog
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.types import Receive, Scope, Send

from services.thresholds.feed.cursors import Cursor
from services.thresholds.feed.pages import PageQuestion
from services.thresholds.feed.rounds import Rounds
from shared.auth.principal import Principal
from shared.db.errors import is_transient
from shared.db.listen import Broadcast
from shared.telemetry import metrics
from shared.waiting import wait_until_any_set
from shared.web.problems import ProblemError

log = structlog.get_logger()

PAGE: Final = 100
RETRY_MS: Final = 3_000
"""The time for a client to wait before it connects again, sent at the start of every stream."""

ALIVE: Final = b": alive\n\n"


class OpenStream:
    """One of the streams that are open."""

    def __init__(self, streams: "Streams", subject: str) -> None:
        self._streams = streams
        self._subject = subject

    def leave(self) -> None:
        """Makes room for another stream."""
        self._streams.leave(self._subject)


class Streams:
    """Counts a process's open streams."""

    def __init__(self, most: int, each: int) -> None:
        self._most = most
        self._each = each
        self._open: Counter[str] = Counter()

    def enter(self, subject: str) -> OpenStream:
        """A place for one more stream of this subject. Raises ProblemError 429 when there is no room."""
        if self._open[subject] >= self._each or self._open.total() >= self._most:
            detail = "too many event streams are open: close one, or read the feed with `wait`"
            raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, "too-many-streams", detail, headers={"Retry-After": "15"})
        self._open[subject] += 1
        metrics.FEED_STREAMS.set(self._open.total())
        return OpenStream(self, subject)

    def leave(self, subject: str) -> None:
        """A stream of the subject has ended."""
        self._open[subject] -= 1
        self._open += Counter()  # drops the zeros
        metrics.FEED_STREAMS.set(self._open.total())


class EventStream(EventSourceResponse):
    """The answer that carries a stream. It gives its place back also when the client is gone before the first word."""

    def __init__(self, pieces: AsyncIterator[bytes], place: OpenStream, headers: Mapping[str, str]) -> None:
        super().__init__(pieces, headers=headers)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends until the stream ends, or the client goes."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._place.leave()


async def follow(
    rounds: Rounds,
    bell: Broadcast,
    reader: Principal,
    *,
    schools: tuple[str, ...] | None,
    cursor: Cursor,
    heartbeat: timedelta,
    stop: asyncio.Event,
    holds: Callable[[], Awaitable[bool]],
) -> AsyncIterator[bytes]:
    """The events behind a cursor as they come, until `stop` is set, the token no longer `holds`, or the database is away or was restored.

    The client connects again by itself, with the id of the last event it has: an early end loses nothing.
    """
    yield format_sse_event(retry=RETRY_MS, comment="events")
    clock = asyncio.get_running_loop()
    look_again = clock.time() + heartbeat.total_seconds()
    while not stop.is_set():
        rung = bell.listen()
        try:
            page = await rounds.page(reader, PageQuestion(cursor, schools, PAGE))
        except ProblemError as error:
            # The client learns it from the answer to its next request, which has the id of the last event.
            log.warning("feed.stream_ended", error=error.kind)
            return
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("feed.stream_ended", error=type(error).__name__)
            return
        if page.events:
            yield b"".join(event.sse for event in page.events)
        cursor = page.next
        if not page.events:
            await wait_until_any_set(max(look_again - clock.time(), 0), rung, stop)
        if clock.time() >= look_again:
            if not await holds():
                return
            look_again = clock.time() + heartbeat.total_seconds()
            yield ALIVE
