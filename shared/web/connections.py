"""Bounds on connections, which uvicorn does not set: on the size and time of a head, and on bodies and answers that stand still.

Each connection notes what it waits for and since when; `watch` looks at all of them once a second, so that a request costs no timer. When
there are too many connections, the one that has waited longest without a request makes room: any number that are held open and say nothing
keep nobody out.
"""

import asyncio
from collections.abc import Iterable
from enum import Enum
from typing import Any, Final

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = structlog.get_logger()

MOST_HEAD: Final = 64 * 1024
"""Bytes of a request's line and headers. A token with all the schools of the country in it has half of that."""

HEAD_WITHIN: Final = 10.0
"""Seconds in which a head has to be complete, from the connection or from its own first byte."""

BODY_STILL: Final = 30.0
"""Seconds in which something of a body has to come. The slowest line brings a packet more often."""

REFUSED_WITHIN: Final = 30.0
"""Seconds that a client may go on with the body of a request that has been answered, as one that was refused at the door."""

ANSWER_STILL: Final = 60.0
"""Seconds in which a client has to take something of its answer."""

MOST_CONNECTIONS: Final = 800
"""Connections of one process. The usual limit on its open files is 1,024; the database, the bus and webhooks need some of them."""

EVERY: Final = 1.0


class Phase(Enum):
    """The part of a request that a connection is in."""

    HEAD = "head"
    BODY = "body"
    REFUSED = "refused"
    ANSWER = "answer"
    IDLE = "idle"


IDLE_WITHIN: Final = 15.0
"""Seconds between two requests, should uvicorn's own timer not run: it stops when the body of a refused request comes after the answer."""

_LONGEST: Final = {Phase.HEAD: HEAD_WITHIN, Phase.BODY: BODY_STILL, Phase.REFUSED: REFUSED_WITHIN, Phase.IDLE: IDLE_WITHIN}
_WITHOUT_REQUEST: Final = frozenset({Phase.HEAD, Phase.IDLE})


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with these bounds."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._phase = Phase.HEAD
        self._since = self.loop.time()
        self._head = 0
        self._write_paused_at: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Makes room, if need be."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            _make_room(self.connections)

    def data_received(self, data: bytes) -> None:
        """Counts a head, and notes that something came."""
        if self._phase is Phase.IDLE:
            self._enter(Phase.HEAD)
        elif self._phase is Phase.BODY:
            self._since = self.loop.time()
        super().data_received(data)
        if self._phase is Phase.HEAD:
            self._head += len(data)
            if self._head > MOST_HEAD:
                self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        if self._phase is not Phase.HEAD:
            self._enter(Phase.HEAD)

    def on_headers_complete(self) -> None:
        """A body may follow."""
        super().on_headers_complete()
        self._enter(Phase.BODY)

    def on_message_complete(self) -> None:
        """The request is there."""
        super().on_message_complete()
        self._enter(Phase.IDLE if self.cycle is None or self.cycle.response_complete else Phase.ANSWER)

    def on_response_complete(self) -> None:
        """The answer has been given, perhaps before the body came."""
        super().on_response_complete()
        if self._phase is Phase.ANSWER:
            self._enter(Phase.IDLE)
        elif self._phase is Phase.BODY and self.cycle.response_complete:
            self._enter(Phase.REFUSED)

    def pause_writing(self) -> None:
        """The client is behind with its answer."""
        super().pause_writing()
        self._write_paused_at = self.loop.time()

    def resume_writing(self) -> None:
        """The client takes its answer."""
        super().resume_writing()
        self._write_paused_at = None

    @property
    def waits_since(self) -> float | None:
        """When the connection began to wait for a request; None while it has one."""
        return self._since if self._phase in _WITHOUT_REQUEST else None

    def look(self, now: float) -> None:
        """Ends the connection if it has stood still for too long. `now` is the loop's time."""
        if self.transport is None or self.transport.is_closing():
            return
        if self._write_paused_at is not None and now - self._write_paused_at > ANSWER_STILL:
            self.transport.abort()
        elif self._phase is Phase.BODY and self.flow.read_paused:
            # It is the endpoint that has not read on, not the client.
            self._since = now
        elif now - self._since > _LONGEST.get(self._phase, float("inf")):
            self._refuse(b"408 Request Timeout")

    def _enter(self, phase: Phase) -> None:
        self._phase, self._since, self._head = phase, self.loop.time(), 0

    def _refuse(self, status: bytes) -> None:
        if self._phase is Phase.HEAD:
            self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()


async def watch(connections: Iterable[object]) -> None:
    """Looks at the connections of a server once a second, until it is cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(EVERY)
        now = loop.time()
        for connection in tuple(connections):
            if isinstance(connection, BoundedProtocol):
                connection.look(now)


def _make_room(connections: Iterable[object]) -> None:
    open_ = [each for each in connections if isinstance(each, BoundedProtocol) and not each.transport.is_closing()]
    waiting = [each for each in open_ if each.waits_since is not None]
    if len(open_) > MOST_CONNECTIONS and waiting:
        oldest = min(waiting, key=lambda each: each.waits_since or 0.0)
        log.warning("server.connections_full", most=MOST_CONNECTIONS)
        oldest.transport.abort()
