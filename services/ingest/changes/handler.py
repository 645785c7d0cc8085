"""The answers of thresholds, kept for the requests that wait for them."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.changes import repository as proposals
from shared.batch import Batch, BatchHandler
from shared.deadletters.reading import WRONG_TYPE
from shared.events.data import ChangeJudged
from shared.events.envelope import Event


@dataclass(kw_only=True)
class EffectsHandler(BatchHandler):
    """Keeps the effect of each proposed change."""

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Keeps the answers of the batch."""
        judged = []
        for message, event in batch.events:
            match event:
                case Event(data=ChangeJudged() as answer):
                    judged.append(answer)
                case _:
                    batch.refuse(message, WRONG_TYPE, "only the effects of proposed changes belong on this topic")
        await proposals.answer(connection, judged)
