"""The state of the door's process while it serves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from services.ingest.changes.asking import Asking
from services.ingest.kamar.slowing import Slowing
from services.ingest.schools.calendars import Calendars
from services.ingest.settings import IngestSettings
from services.ingest.students.identities import Identities
from shared.attendance.codes import CodeTable
from shared.bus.interface import Publisher
from shared.identifiers import SchoolNumber
from shared.web.state import ServiceState, service_state


@dataclass(kw_only=True)
class IngestState(ServiceState):
    """The database for schools, the bus for marks."""

    settings: IngestSettings
    publisher: Publisher
    calendars: Calendars
    codes: CodeTable
    slowing: Slowing
    asking: Asking

    async def student_named(self, school: str, name: str) -> str:
        """The child whom the school calls so now."""
        async with self.engine.connect() as connection:
            return (await Identities.of(connection, SchoolNumber(school))).child(name)

    async def outward_names(self, school: str) -> Mapping[str, str]:
        """The names by which people know children whose key has been another's."""
        async with self.engine.connect() as connection:
            return (await Identities.of(connection, SchoolNumber(school))).outward()


async def _state(request: Request) -> IngestState:
    return cast(IngestState, service_state(request))


State = Annotated[IngestState, Depends(_state)]
