"""Takes erased students out of the sandbox: caught e-mails that named them, and their numbers at the stand-in for the Ministry."""

import asyncio
import uuid
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


@dataclass
class SandboxErasing:
    """Follows the erasures that the notifier has applied."""

    engine: AsyncEngine
    mail: MailCatcher
    ministry: MinistryStore
    _since: datetime = BEGINNING
    _done: dict[uuid.UUID, datetime] = field(default_factory=dict)

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
        """Erases those that are new since the last time."""
        async with self.engine.connect() as connection:
            applied = await erasing.applied_since(connection, self._since)
            named = {
                student: await erasing.message_ids(connection, student) for student, at in applied.items() if self._done.get(student) != at
            }
        for student, message_ids in named.items():
            letters = await self.mail.box.remove(message_ids)
            uploads = await self.ministry.erase_number(str(student))
            log.info("sandbox.erased", student_id=str(student), letters=letters, uploads=uploads)
        self._done = dict(applied)
        self._since = max(applied.values(), default=self._since)
