"""The state of the process while it serves."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from services.moe_sync.settings import MoeSyncSettings
from shared.key_holders.state import KeyHoldersState
from shared.web.state import service_state


@dataclass(kw_only=True)
class MoeSyncState(KeyHoldersState):
    """The database; uploads are sent by the worker."""

    settings: MoeSyncSettings


async def _state(request: Request) -> MoeSyncState:
    return cast(MoeSyncState, service_state(request))


State = Annotated[MoeSyncState, Depends(_state)]
