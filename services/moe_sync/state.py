"""What the process holds while it serves."""

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from services.moe_sync.settings import MoeSyncSettings
from shared.clock import Clock, utc_now
from shared.web.service import ServiceState, service_state


@dataclass(kw_only=True)
class MoeSyncState(ServiceState):
    """The database; uploads are sent by the worker."""

    settings: MoeSyncSettings
    engine: AsyncEngine
    clock: Clock = field(default=utc_now)


async def _state(request: Request) -> MoeSyncState:
    return cast(MoeSyncState, service_state(request))


State = Annotated[MoeSyncState, Depends(_state)]
