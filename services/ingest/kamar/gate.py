"""Who is at KAMAR's door: HTTP Basic, verified against the hashes, and believed for a short while so that a push of many requests does
not hash each time."""

import asyncio
import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.ingest.kamar import passwords
from services.ingest.kamar.repository import credentials
from shared.clock import Clock
from shared.identifiers import SchoolNumber

MOST_AT_ONCE: Final = 2
"""Hashes under way: more would only take memory, and processors from those who are in already."""

MOST_BELIEVED: Final = 10_000
LONGEST_HEADER: Final = 1024


@dataclass(frozen=True, slots=True)
class Sender:
    """A school's system, and the credential it came in with."""

    username: str
    school: SchoolNumber


class Gate:
    """Verifies credentials. What is remembered of a password is a keyed digest, whose key dies with the process."""

    def __init__(self, engine: AsyncEngine, believed_for: timedelta, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._believed_for = believed_for.total_seconds()
        self._clock = clock
        self._monotonic = monotonic
        self._key = secrets.token_bytes(32)
        self._believed: dict[bytes, tuple[float, Sender]] = {}
        self._hashing = asyncio.Semaphore(MOST_AT_ONCE)

    async def sender(self, authorization: str | None) -> Sender | None:
        """Who sent this header; None for nobody we know."""
        given = _basic(authorization)
        if given is None:
            return None
        username, password = given
        digest = hmac.digest(self._key, f"{username}:{password}".encode("utf-8", "replace"), "sha256")
        believed = self._believed.get(digest)
        if believed is not None and self._monotonic() < believed[0]:
            return believed[1]
        sender = await self._verify(username, password)
        if sender is not None:
            if len(self._believed) >= MOST_BELIEVED:
                self._believed.clear()
            self._believed[digest] = (self._monotonic() + self._believed_for, sender)
        return sender

    def forget(self, username: str) -> None:
        """Believes nothing of this name any more: it was revoked."""
        self._believed = {digest: entry for digest, entry in self._believed.items() if entry[1].username != username}

    async def _verify(self, username: str, password: str) -> Sender | None:
        async with self._engine.connect() as connection:
            known = await credentials.hash_of(connection, username)
        # Unknown names cost as much as wrong passwords: the time of the answer tells nothing.
        school, stored = known if known is not None else ("", passwords.NOBODY)
        async with self._hashing:
            right = await asyncio.to_thread(passwords.matches, password, stored)
        if known is None or not right:
            return None
        async with self._engine.begin() as connection:
            await credentials.used(connection, username, self._clock())
        return Sender(username, SchoolNumber(school))


def _basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic" or len(encoded) > LONGEST_HEADER:
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    username, colon, password = decoded.decode("utf-8", "replace").partition(":")
    # A NUL could not even be asked for in the database.
    return (username, password) if colon and "\0" not in username else None
