"""The state of the door's process while it serves."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from services.ingest.kamar.slowing import Slowing
from services.ingest.schools.calendars import Calendars
from services.ingest.settings import IngestSettings
from shared.attendance.codes import CodeTable
from shared.bus.interface import Publisher
from shared.web.state import ServiceState, service_state


@dataclass(kw_only=True)
class IngestState(ServiceState):
    """The database for schools, the bus for marks."""

    settings: IngestSettings
    publisher: Publisher
    calendars: Calendars
    codes: CodeTable
    slowing: Slowing


async def _state(request: Request) -> IngestState:
    return cast(IngestState, service_state(request))


State = Annotated[IngestState, Depends(_state)]
