"""The weekly upload: what went to the Ministry, what came back, and a run by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.moe_sync.flat_tables import api as flat_tables
from services.moe_sync.items import api as items
from services.moe_sync.roster.access import zone_of
from services.moe_sync.settings import SCHEMA, MoeSyncSettings
from services.moe_sync.state import MoeSyncState
from services.moe_sync.uploads.api import certificates, differences, files, uploads
from services.moe_sync.uploads.measures import measure_uploads
from services.moe_sync.windows.api import settings as school_settings
from services.moe_sync.windows.api import status, windows
from shared.audit.api import audit_router
from shared.clock import Clock, utc_now
from shared.deadletters.api import dead_letters_router
from shared.deadletters.box import DeadLetterBox
from shared.erasures.api import erasures_router
from shared.telemetry.progress import Progress
from shared.web.service import create_service_app
from shared.web.state import open_resources


def create_app(settings: MoeSyncSettings, *, progress: Progress | None = None, clock: Clock = utc_now) -> FastAPI:
    """The upload's app. `progress` is shared with the workers of the same process, where there are any."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[MoeSyncState]:
        async with open_resources(SCHEMA, settings, progress, clock) as resources:
            yield MoeSyncState(**resources, settings=settings)

    modules = (uploads, school_settings, items, windows, differences, files, certificates, flat_tables, status)
    routers = [
        *(module.router for module in modules),
        erasures_router(),
        audit_router(zone_of),
        dead_letters_router(DeadLetterBox(SCHEMA)),
    ]
    return create_service_app("moe-sync", "Weekly uploads of STAR records and responses", lifespan, routers, settings, [measure_uploads])
