"""Takes erased students out of the sandbox: caught e-mails that named them, and their numbers at the stand-in for the Ministry."""

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.sandbox.mail import MailCatcher
from deploy.sandbox.ministry_store import MinistryStore
from services.notifier.letters.repository import erasing
from shared.db.errors import is_transient
from shared.waiting import wait_until_set

log = structlog.get_logger()

EVERY: Final = timedelta(seconds=1)
BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before there was any erasure."""

UNDER_WAY: Final = timedelta(minutes=10)
"""How long after an erasure a letter or an upload can still come in that was on its way meanwhile: longer than an attempt at one takes."""


@dataclass
class SandboxErasing:
    """Follows the erasures that the notifier has applied."""

    engine: AsyncEngine
    mail: MailCatcher
    ministry: MinistryStore
    monotonic: Callable[[], float] = time.monotonic
    _since: datetime = BEGINNING
    _seen: dict[tuple[uuid.UUID, datetime], float] = field(default_factory=dict)

    async def run(self, stop: asyncio.Event) -> None:
        """Goes on until `stop` is set. At the start it looks at all erasures once."""
        while not stop.is_set():
            try:
                await self.run_once()
            except Exception as error:
                # Nor does a database that is not migrated yet end the sandbox.
                if not (is_transient(error) or isinstance(error, DBAPIError)):
                    raise
                log.warning("sandbox.erasing_waits", error=type(error).__name__)
            await wait_until_set(stop, EVERY.total_seconds())

    async def run_once(self) -> None:
        """Erases those that are new since the last time, and what has come in since of those that were new a while ago."""
        now = self.monotonic()
        async with self.engine.connect() as connection:
            applied = await erasing.applied_since(connection, self._since)
            first = {(student, at): self._seen.get((student, at), now) for student, at in applied.items()}
            looked_at = [(student, at) for (student, at), since in first.items() if now - since <= UNDER_WAY.total_seconds()]
            named = {(student, at): await erasing.message_ids(connection, student) for student, at in looked_at}
        for erasure, message_ids in named.items():
            student, _ = erasure
            letters = await self.mail.box.remove(message_ids)
            uploads = await self.ministry.erase_number(str(student))
            if letters or uploads or erasure not in self._seen:
                log.info("sandbox.erased", student_id=str(student), letters=letters, uploads=uploads)
        self._seen = first
        self._since = max(self._since, max(applied.values(), default=BEGINNING) - UNDER_WAY)
