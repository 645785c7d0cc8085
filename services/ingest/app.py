"""The door: authenticates, validates, publishes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.ingest.csv_import import api as imports
from services.ingest.kamar.api import credentials, documents, push
from services.ingest.kamar.slowing import Slowing
from services.ingest.marks import api as marks
from services.ingest.schools import api as schools
from services.ingest.schools.calendars import Calendars
from services.ingest.schools.repository import zone_of
from services.ingest.settings import SCHEMA, IngestSettings
from services.ingest.state import IngestState
from services.ingest.students import api as students
from shared.attendance.api import attendance_codes_router
from shared.attendance.codes import CodeTable
from shared.audit.api import audit_router
from shared.bus.factory import open_bus
from shared.clock import Clock, utc_now
from shared.telemetry.progress import Progress
from shared.web.service import create_service_app
from shared.web.state import open_resources


def create_app(settings: IngestSettings, *, progress: Progress | None = None, clock: Clock = utc_now) -> FastAPI:
    """The door's app. `progress` is shared with the workers of the same process, where there are any."""

    codes = CodeTable.load(settings.attendance_codes)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[IngestState]:
        async with (
            open_bus(settings) as (bus, publisher),
            open_resources(SCHEMA, settings, progress, clock, {"bus": bus.ping}) as resources,
        ):
            yield IngestState(
                **resources,
                settings=settings,
                publisher=publisher,
                calendars=Calendars(resources["engine"], settings.calendars_for),
                codes=codes,
                slowing=Slowing(),
            )

    # Routes are tried in order: the one that is used a thousand times as often as the others goes first.
    routers = [
        marks.router,
        schools.router,
        students.router,
        imports.router,
        push.router,
        credentials.router,
        documents.router,
        audit_router(zone_of),
        attendance_codes_router(),
    ]
    return create_service_app("ingest", "Takes schools, students and attendance marks", lifespan, routers)
