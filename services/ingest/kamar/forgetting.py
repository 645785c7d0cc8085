"""The work of deleting what is left of KAMAR documents after some days: of those that failed, or never came in to their end."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.ingest.kamar.repository import documents
from shared.clock import Clock, utc_now
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome

FORGETTING: Final = "kamar-forgetting"

BACKOFF: Final = Backoff(first=timedelta(minutes=1), longest=timedelta(hours=6), most_attempts=None)


@dataclass
class ForgettingTask:
    """Deletes payloads; that there was a document stays on file. An item only says when to look: it may find several, or none."""

    engine: AsyncEngine
    kept: timedelta
    clock: Clock = utc_now
    kind: str = FORGETTING
    backoff: Backoff = BACKOFF
    lease: timedelta = timedelta(minutes=5)

    async def perform(self, item: WorkItem) -> Outcome:
        """Deletes what is older than payloads are kept."""
        async with self.engine.begin() as connection:
            await documents.forget_older(connection, self.clock() - self.kept)
        return Done()
