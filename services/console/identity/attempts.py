"""A bound on failed sign-ins of one address, counted in the database for all processes together."""

import hashlib
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.console.identity.failures import SignInError
from services.console.sessions import repository

MOST: Final = 20
"""Failures of one address: a school behind one address has some each morning."""

WITHIN: Final = timedelta(minutes=5)


class Attempts:
    """Counts failures."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def check(self, address: str) -> None:
        """Raises SignInError if this address has failed too often lately."""
        async with self._engine.connect() as connection:
            if await repository.failed_sign_ins(connection, _digest(address), WITHIN) >= MOST:
                raise SignInError("too-many")

    async def failed(self, address: str) -> None:
        """Notes a failure."""
        async with self._engine.begin() as connection:
            await repository.note_failed_sign_in(connection, _digest(address))


def _digest(address: str) -> bytes:
    return hashlib.sha256(address.encode()).digest()
