"""What the door's process holds while it serves."""

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from services.ingest.schools.calendars import Calendars
from services.ingest.settings import IngestSettings
from shared.attendance.codes import CodeTable
from shared.bus.interface import Publisher
from shared.clock import Clock, utc_now
from shared.web.service import ServiceState, service_state


@dataclass(kw_only=True)
class IngestState(ServiceState):
    """The database for schools, the bus for marks."""

    settings: IngestSettings
    engine: AsyncEngine
    publisher: Publisher
    calendars: Calendars
    codes: CodeTable
    clock: Clock = field(default=utc_now)


async def _state(request: Request) -> IngestState:
    return cast(IngestState, service_state(request))


State = Annotated[IngestState, Depends(_state)]
