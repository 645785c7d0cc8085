"""Handlers as tests call them: each batch in a transaction of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.interface import Message, Partition


class Applied:
    """A handler with an engine; all else of the handler can be asked for, too."""

    def __init__(self, engine: AsyncEngine, handler: Any) -> None:
        self.engine = engine
        self.handler = handler

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        async with self.engine.begin() as connection:
            pauses: Mapping[Partition, int] = await self.handler(connection, messages)
            return pauses

    def __getattr__(self, name: str) -> Any:
        return getattr(self.handler, name)
