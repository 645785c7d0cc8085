"""Open connections to one mail server, kept while there is more to send: bounded in number, in letters each, and in idle time.

The number follows what the server bears (`shared/places.py`): it shrinks to those that are open when the server turns a further one away.
So a letter is not put off for a connection that the server did not want.
"""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import aiosmtplib
import structlog

from services.notifier.delivery.transports.smtp_url import SmtpServer
from shared.places import Places

log = structlog.get_logger()

GOODBYE: Final = 2.0

FIRST: Final = 8
"""Connections to begin with: every mail server takes so many from one client."""

TOO_MANY: Final = 421


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """The limits of one process at the server.

    `connections` at most are open, each is left after `letters_each`, and closed after `idle` seconds of rest: servers hang up on idle
    clients, many after a minute.
    """

    connections: int = 8
    letters_each: int = 100
    idle: float = 30.0


@dataclass(slots=True, eq=False)
class Connection:
    """A connection, and what is known of it. `soiled`: a refused letter was left behind, which RSET clears."""

    client: aiosmtplib.SMTP
    letters: int = 0
    soiled: bool = False
    expiry: asyncio.TimerHandle | None = None

    @property
    def is_reused(self) -> bool:
        """Whether it may have been closed at the other end since."""
        return self.letters > 0


class SmtpPool:
    """Connections of one process. Each is used for one letter at a time."""

    def __init__(self, server: SmtpServer, limits: PoolLimits, timeout: float) -> None:
        self._server = server
        self._limits = limits
        self._timeout = timeout
        self._places = Places(limits.connections, FIRST)
        self._idle: list[Connection] = []
        self._goodbyes: set[asyncio.Task[None]] = set()
        # Read once: it opens the machine's certificate store.
        self._tls = ssl.create_default_context()

    async def acquire(self) -> Connection:
        """A place and a connection in it, the one that rested least; waits while all are in use.

        Raises what aiosmtplib raises when the server can't be reached, or does not let us in.
        """
        while True:
            await self._places.acquire()
            while self._idle:
                connection = self._idle.pop()
                if connection.expiry is not None:
                    connection.expiry.cancel()
                if connection.client.is_connected:
                    return connection
            try:
                return await self._connect()
            except (aiosmtplib.SMTPConnectResponseError, aiosmtplib.SMTPServerDisconnected) as error:
                self._places.release()
                # Turned away while others of ours are open: the letter waits for one of those.
                is_too_many = getattr(error, "code", TOO_MANY) == TOO_MANY
                if not is_too_many or self._places.taken < 1:
                    raise
                self._places.shrink(self._places.taken)
            except BaseException:
                self._places.release()
                raise

    async def replace(self, stale: Connection) -> Connection:
        """A fresh connection in the place of one that was found dead. When there is none to be had, the place is free again."""
        stale.client.close()
        try:
            return await self._connect()
        except BaseException:
            self._places.release()
            raise

    def release(self, connection: Connection, *, usable: bool) -> None:
        """Gives the place back; a connection of which it is not known where it stands is never used again."""
        if not usable or not connection.client.is_connected:
            connection.client.close()
            self._places.release()
            return
        connection.letters += 1
        self._places.carried()
        if connection.letters >= self._limits.letters_each or self._limits.idle <= 0:
            # To the server it is open until the goodbye is said, and counts.
            self._leave(connection).add_done_callback(lambda _: self._places.release())
            return
        self._places.release()
        connection.expiry = asyncio.get_running_loop().call_later(self._limits.idle, self._expire, connection)
        self._idle.append(connection)

    async def close(self) -> None:
        """Says goodbye on the connections that rest."""
        idle, self._idle = self._idle, []
        for connection in idle:
            if connection.expiry is not None:
                connection.expiry.cancel()
            self._leave(connection)
        if self._goodbyes:
            await asyncio.wait(self._goodbyes, timeout=GOODBYE)

    def _expire(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
            self._leave(connection)

    def _leave(self, connection: Connection) -> asyncio.Task[None]:
        goodbye = asyncio.create_task(_quit(connection.client))
        self._goodbyes.add(goodbye)
        goodbye.add_done_callback(self._goodbyes.discard)
        return goodbye

    async def _connect(self) -> Connection:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.security == "tls",
            start_tls={"offered": None, "starttls": True, "tls": False}[server.security],
            tls_context=self._tls,
            timeout=self._timeout,
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except BaseException:
            client.close()
            raise
        log.info("smtp.connected", security=server.security)
        return Connection(client)


async def _quit(client: aiosmtplib.SMTP) -> None:
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        await client.quit(timeout=GOODBYE)
    client.close()
