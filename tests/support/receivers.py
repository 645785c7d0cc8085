"""Receivers of webhooks: real servers on sockets of their own, well behaved and otherwise."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


def saying(status: int, *headers: str, body: bytes = b"") -> Answering:
    """Answers properly."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", *headers, f"Content-Length: {len(body)}", "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()

    return answer


@dataclass
class Receiver:
    """Takes requests, notes them, and answers as it is told to: the first of `script`, else `answer`."""

    port: int = 0
    answer: Answering = field(default_factory=lambda: saying(204))
    script: list[Answering] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    open_now: int = 0
    most_at_once: int = 0
    names: list[str | None] = field(default_factory=list)
    """The names that TLS clients asked for."""

    @property
    def ids(self) -> list[str]:
        """The webhook-id of each request, in order."""
        return [request.headers["webhook-id"] for request in self.requests]

    def url(self, path: str = "/star", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.requests.append(Request(head[0], headers, body))
                self.open_now += 1
                self.most_at_once = max(self.most_at_once, self.open_now)
                try:
                    await (self.script.pop(0) if self.script else self.answer)(writer)
                finally:
                    self.open_now -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()


@asynccontextmanager
async def receiving(receiver: Receiver | None = None, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver that listens on a free port of the loopback, or again on its own."""
    receiver = receiver or Receiver()
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await receiver.serve_one(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            connections.discard(task)

    if tls is not None:
        tls.sni_callback = lambda _, name, __: receiver.names.append(name)
    server = await asyncio.start_server(connected, "127.0.0.1", receiver.port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
