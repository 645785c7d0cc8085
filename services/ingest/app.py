"""The door: authenticates, validates, publishes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.ingest.changes.asking import Asking
from services.ingest.erasures import api as erasures
from services.ingest.imports import api as imports
from services.ingest.kamar.api import credentials, documents, held, push
from services.ingest.kamar.slowing import Slowing
from services.ingest.marks import api as marks
from services.ingest.schools import api as schools
from services.ingest.schools.calendars import Calendars
from services.ingest.schools.repository import zone_of
from services.ingest.settings import SCHEMA, IngestSettings
from services.ingest.state import IngestState
from services.ingest.students import api as students
from services.ingest.students.questions import api as questions
from shared.attendance.api import attendance_codes_router
from shared.attendance.codes import CodeTable
from shared.audit.api import audit_router
from shared.bus.factory import open_bus
from shared.clock import Clock, utc_now
from shared.deadletters.api import dead_letters_router
from shared.deadletters.box import DeadLetterBox
from shared.erasures.api import erasures_router
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
            calendars = Calendars(resources["engine"], settings.calendars_for)
            async with calendars.following(settings.database_url):
                yield IngestState(
                    **resources,
                    settings=settings,
                    publisher=publisher,
                    calendars=calendars,
                    codes=codes,
                    slowing=Slowing(),
                    asking=Asking(resources["engine"], clock, settings.effect_wait),
                )

    routers = [
        marks.router,
        schools.router,
        students.router,
        questions.router,
        erasures.router,
        erasures_router(),
        imports.router,
        push.router,
        credentials.router,
        documents.router,
        held.router,
        audit_router(zone_of),
        attendance_codes_router(),
        dead_letters_router(DeadLetterBox(SCHEMA)),
    ]
    return create_service_app("ingest", "Takes schools, students and attendance marks", lifespan, routers, settings)
