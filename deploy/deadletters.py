"""The dead letters of all services at once, for an operator who has the database.

Services that read the same topic may keep the same record under the same id: what is done to an id is done in each of them.
"""

import uuid
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.services import schema_of
from shared.db.engine import create_engine
from shared.deadletters import repository
from shared.deadletters.box import DeadLetterBox
from shared.settings import ServiceName

SERVICES: Final[tuple[ServiceName, ...]] = ("ingest", "thresholds", "notifier", "moe-sync")
"""Those that read topics."""

PAGE: Final = 500

Letter = Mapping[str, Any]
"""A row of the service's table, without the record itself, and `service`."""


@dataclass(frozen=True, slots=True)
class AllBoxes:
    """The boxes of some services, or of all."""

    engines: Mapping[ServiceName, AsyncEngine]

    async def kept(self, school: str | None, reason: str | None) -> list[Letter]:
        """The letters that wait for a person, oldest first."""
        letters: list[Letter] = []
        for service, engine in self.engines.items():
            async with engine.connect() as connection:
                after: uuid.UUID | None = None
                while page := await repository.page(
                    connection, "kept", after, PAGE, schools=None if school is None else [school], reason=reason
                ):
                    letters += [{"service": service, **row} for row in page]
                    after = page[-1]["id"]
        return sorted(letters, key=lambda letter: letter["created_at"])

    async def find(self, letter_id: uuid.UUID) -> list[Letter]:
        """The letter of each service that has it, whatever became of it."""
        letters: list[Letter] = []
        for service, engine in self.engines.items():
            async with engine.connect() as connection:
                if row := await repository.find(connection, letter_id):
                    letters.append({"service": service, **row})
        return letters

    async def redrive(self, ids: Collection[uuid.UUID], now: datetime) -> list[uuid.UUID]:
        """Has each record published to its topic again by the service's relay; answers the ids that nobody keeps."""
        return [letter_id for letter_id in ids if not await self._settle(letter_id, now, why=None)]

    async def discard(self, ids: Collection[uuid.UUID], why: str, now: datetime) -> list[uuid.UUID]:
        """Gives each record up, and keeps the reason; answers the ids that nobody keeps."""
        return [letter_id for letter_id in ids if not await self._settle(letter_id, now, why=why)]

    async def _settle(self, letter_id: uuid.UUID, now: datetime, why: str | None) -> bool:
        """Redrives the letter, or discards it for a reason, in each service that keeps it; whether any does."""
        settled = False
        for service, engine in self.engines.items():
            box = DeadLetterBox(schema_of(service))
            async with engine.begin() as connection:
                if why is None:
                    settled |= await box.redrive(connection, letter_id, now)
                else:
                    settled |= await box.discard(connection, letter_id, now, why=why)
        return settled


@asynccontextmanager
async def boxes(database_url: str, services: Sequence[ServiceName] = SERVICES) -> AsyncIterator[AllBoxes]:
    """The boxes in this database. Connects on first use."""
    engines = {service: create_engine(database_url, schema_of(service), pool_size=1) for service in services}
    try:
        yield AllBoxes(engines)
    finally:
        for engine in engines.values():
            await engine.dispose()
