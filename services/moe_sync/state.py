"""The state of the process while it serves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from services.moe_sync.settings import MoeSyncSettings
from shared.key_holders import repository as key_holders
from shared.web.state import ServiceState, service_state


@dataclass(kw_only=True)
class MoeSyncState(ServiceState):
    """The database; uploads are sent by the worker."""

    settings: MoeSyncSettings

    async def student_named(self, school: str, name: str) -> str:
        """The child who has the key now; `12345~1` is the first child who had `12345`."""
        async with self.engine.connect() as connection:
            (student,) = await key_holders.named(connection, school, [name])
            return student

    async def outward_names(self, school: str) -> Mapping[str, str]:
        """The names by which people know children whose key has been another's."""
        async with self.engine.connect() as connection:
            return await key_holders.outward(connection, school)


async def _state(request: Request) -> MoeSyncState:
    return cast(MoeSyncState, service_state(request))


State = Annotated[MoeSyncState, Depends(_state)]
