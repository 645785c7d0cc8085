"""Webhooks over HTTP: one request, bounded in time and size, to an address that was checked. Redirects are never followed."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import httpcore

from services.notifier.partners.addresses import Guard
from services.notifier.partners.endpoints import Endpoint
from services.notifier.partners.schedule import LONGEST_RETRY_AFTER, Answer, detail_of
from shared.clock import Clock
from shared.tls import causes, is_certificate_fault
from shared.web.headers import retry_after

Resolver = Callable[[str, int], Sequence[str]]
"""The addresses of a host name, as text. Called in a thread; raises OSError."""

MOST_BODY: Final = 4_096
"""Bytes of an answer that are read, and thrown away, so that its connection can be used again."""

BODY_WAIT: Final = 1.0
IDLE: Final = 15.0
CERTIFICATE: Final = "the certificate does not hold for the host"
NO_ADDRESS: Final = "the host has no address that may be reached"
"""The same words for a name that is unknown and for one that leads inside: the difference is nobody's business outside."""

_SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class AddressRefusedError(OSError):
    """A name without an address that the guard lets through."""


def system_resolver(host: str, port: int) -> Sequence[str]:
    """The machine's own way to find addresses, in the order that it prefers."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in infos))


class AddressBook:
    """Looks names up in threads of its own, so that a name server that hangs keeps nobody else waiting, and asks the guard."""

    def __init__(self, guard: Guard, *, resolver: Resolver = system_resolver, at_once: int = 4) -> None:
        self._guard = guard
        self._resolver = resolver
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="webhook-names")

    async def look_up(self, host: str, port: int, *, tls: bool) -> Sequence[str]:
        """The host's addresses, all of which may be reached. Raises AddressRefusedError."""
        try:
            addresses = await asyncio.get_running_loop().run_in_executor(self._threads, self._resolver, host, port)
        except (OSError, UnicodeError) as error:
            raise AddressRefusedError(NO_ADDRESS) from error
        if self._guard.refuses_any(addresses, tls=tls):
            raise AddressRefusedError(NO_ADDRESS)
        return addresses

    def close(self) -> None:
        """Lets go of the threads; one that waits for a name server ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Pinned(httpcore.AsyncNetworkBackend):
    """Connects to the addresses that were checked, and to no others: a second look-up could find different ones.

    TLS still asks for the host's name, and checks the certificate for it.
    """

    def __init__(self, book: AddressBook, *, tls: bool) -> None:
        self._book = book
        self._tls = tls
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._book.look_up(host, port, tls=self._tls)
        failure: Exception = httpcore.ConnectError()
        for address in addresses:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class Courier:
    """Sends webhooks. Connections are kept for a moment, as events come in bursts."""

    def __init__(self, book: AddressBook, *, timeout: timedelta, at_once: int, clock: Clock, tls: ssl.SSLContext | None = None) -> None:
        self._timeout = timeout.total_seconds()
        self._clock = clock
        context = tls or ssl.create_default_context()
        self._pools = {
            secure: httpcore.AsyncConnectionPool(
                ssl_context=context,
                max_connections=at_once * 2,
                max_keepalive_connections=at_once,
                keepalive_expiry=IDLE,
                network_backend=_Pinned(book, tls=secure),
            )
            for secure in (True, False)
        }

    async def post(self, endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> Answer:
        """One request with these headers, of which one is the content type. Its answer is the status, once that is there: the rest of the
        response is neither waited for nor kept."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._post(endpoint, headers, body)
        except (TimeoutError, httpcore.TimeoutException):
            return Answer(None, "no answer in time")
        except AddressRefusedError:
            return Answer(None, NO_ADDRESS)
        except httpcore.ConnectError as error:
            return Answer(None, _why_not_connected(error))
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError):
            return Answer(None, "no HTTP answer")

    async def close(self) -> None:
        """Lets go of connections."""
        for pool in self._pools.values():
            with suppress(httpcore.NetworkError, OSError):
                await pool.aclose()

    async def _post(self, endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> Answer:
        url = httpcore.URL(
            scheme=b"https" if endpoint.tls else b"http",
            host=endpoint.host.encode("ascii"),
            port=endpoint.port,
            target=endpoint.target.encode("ascii"),
        )
        sent = {
            "host": endpoint.authority,
            "user-agent": "star-engine",
            "accept": "*/*",
            "content-length": str(len(body)),
            **headers,
        }
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout)
        pool = self._pools[endpoint.tls]
        request = httpcore.Request("POST", url, headers=list(sent.items()), content=body, extensions={"timeout": timeouts})
        response = await pool.handle_async_request(request)
        try:
            await _discard(response)
        finally:
            await response.aclose()
        return Answer(response.status, detail_of(response.status), _retry_after(response, self._clock()))


async def _discard(response: httpcore.Response) -> None:
    """Reads a short answer to its end; a long or slow one is cut, and costs its connection."""
    read = 0
    with suppress(TimeoutError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
        async with asyncio.timeout(BODY_WAIT):
            async for chunk in response.aiter_stream():
                read += len(chunk)
                if read > MOST_BODY:
                    return


def _retry_after(response: httpcore.Response, now: datetime) -> timedelta | None:
    value = next((value for name, value in response.headers if name.lower() == b"retry-after"), None)
    text = value.decode("latin-1") if value is not None else None
    return retry_after(text, now, shortest=timedelta(0), longest=LONGEST_RETRY_AFTER)


def _why_not_connected(error: BaseException) -> str:
    if is_certificate_fault(error):
        return CERTIFICATE
    for cause in causes(error):
        if isinstance(cause, ssl.SSLError):
            return "no TLS connection"
        if isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED:
            return "the connection was refused"
    return "no connection"
