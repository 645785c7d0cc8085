"""A load generator: prepared requests over kept-alive connections, so that the client costs as little as can be."""

import asyncio
import time
from collections.abc import Sequence


class Connection:
    """One kept-alive HTTP/1.1 connection."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, request: bytes) -> int:
        """Sends a prepared request and answers the status."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        assert self._reader is not None
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if length:
            await self._reader.readexactly(length)
        return int(head[9:12])

    async def close(self) -> None:
        """Closes the connection."""
        if self._writer is not None:
            self._writer.close()


def post(path: str, token: str, body: bytes) -> bytes:
    """A prepared POST of JSON."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def send_all(host: str, port: int, requests: Sequence[bytes], connections: int) -> float:
    """Sends the requests over so many connections at once; answers the seconds it took. Every answer must be 202."""
    waiting = list(reversed(requests))

    async def client() -> None:
        connection = Connection(host, port)
        while waiting:
            status = await connection.send(waiting.pop())
            assert status == 202, status
        await connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(connections)))
    return time.perf_counter() - started
