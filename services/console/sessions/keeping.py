"""Sessions opened, used, renewed and ended."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.console.sessions import repository
from services.console.sessions.sealing import Contents, Secret
from shared.clock import Clock

SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly idle time is kept: a write a minute, not one a request."""

RENEWAL: Final = timedelta(seconds=15)
"""Longer than the issuer takes to answer; another request may try after it."""

POLL: Final = 0.1


@dataclass(frozen=True, slots=True)
class Session:
    """An open session: its secret, and what it holds."""

    secret: Secret
    contents: Contents


Renew = Callable[[Contents], Awaitable[Contents | None]]
"""Gets new tokens for old ones; None where the issuer gives none."""


class Sessions:
    """The sessions of this console."""

    def __init__(self, engine: AsyncEngine, clock: Clock, *, idle: timedelta, longest: timedelta) -> None:
        self._engine = engine
        self._clock = clock
        self._idle = idle
        self._longest = longest

    @property
    def longest(self) -> timedelta:
        """How long a session lasts at most."""
        return self._longest

    async def open(self, subject: str, contents: Contents) -> Session:
        """A new session."""
        secret, now = Secret.draw(), self._clock()
        async with self._engine.begin() as connection:
            await repository.add(connection, secret.row, subject, secret.seal(contents), now, now + self._longest)
        return Session(secret, contents)

    async def find(self, cookie: str | None) -> Session | None:
        """The session of a cookie, noted as in use; None where there is none, or it is over."""
        secret = Secret.read(cookie)
        if secret is None:
            return None
        now = self._clock()
        async with self._engine.connect() as connection:
            row = await repository.get(connection, secret.row)
        if row is None:
            return None
        contents = secret.open(row["sealed"])
        if contents is None or self._is_over(row["seen_at"], row["ends_at"], now):
            await self.end(secret)
            return None
        if now - row["seen_at"] >= SEEN_EVERY:
            async with self._engine.begin() as connection:
                await repository.see(connection, secret.row, now)
        return Session(secret, contents)

    async def end(self, secret: Secret) -> None:
        """Ends the session, if it is still there."""
        async with self._engine.begin() as connection:
            await repository.end(connection, secret.row)

    async def use_link(self, link: UUID) -> bool:
        """Whether a one-time link is used for the first time."""
        async with self._engine.begin() as connection:
            return await repository.use_link(connection, link, self._clock())

    async def renewed(self, session: Session, renew: Renew) -> Session | None:
        """The session with new tokens; None if the issuer gives none, or the session was ended meanwhile.

        If several requests come at once, one asks the issuer and the others take what it got: a refresh token is good once. A request
        that waited in vain goes on with the tokens that it has.
        """
        for _ in range(int(RENEWAL.total_seconds() / POLL)):
            now = self._clock()
            async with self._engine.begin() as connection:
                sealed = await repository.claim_renewal(connection, session.secret.row, now, now + RENEWAL)
            if sealed is not None:
                return await self._renewed_by_us(session, sealed, renew)
            async with self._engine.connect() as connection:
                if await repository.get(connection, session.secret.row) is None:
                    return None
            await asyncio.sleep(POLL)
        return session

    async def _renewed_by_us(self, session: Session, sealed: bytes, renew: Renew) -> Session | None:
        """The claim is ours and ends here. The tokens are those of the claim's row: those that the request read may be used up by now."""
        contents: Contents | None = session.secret.open(sealed)
        try:
            if contents is not None and contents == session.contents:
                contents = await renew(contents)
            if contents is None:
                return None
            sealed = session.secret.seal(contents)
        finally:
            async with self._engine.begin() as connection:
                await repository.renew(connection, session.secret.row, sealed)
        return Session(session.secret, contents)

    def _is_over(self, seen_at: datetime, ends_at: datetime, now: datetime) -> bool:
        # A use that lies far ahead was written by a clock that was ahead, and would keep the session open long after it is right again.
        # After a smaller step back nobody is signed out.
        return now >= ends_at or abs(now - seen_at) >= self._idle
