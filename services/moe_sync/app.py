"""The weekly upload: what went to the Ministry, what came back, and a run by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.moe_sync.items import api as items
from services.moe_sync.settings import SCHEMA, MoeSyncSettings
from services.moe_sync.state import MoeSyncState
from services.moe_sync.uploads.api import certificates, differences, files, uploads
from services.moe_sync.windows.api import settings as school_settings
from services.moe_sync.windows.api import status, windows
from shared.clock import Clock, utc_now
from shared.db.engine import create_engine, ping
from shared.deadletters.api import dead_letters_router
from shared.deadletters.box import DeadLetterBox
from shared.telemetry.progress import Progress
from shared.web.service import create_service_app, token_verifier


def create_app(settings: MoeSyncSettings, *, progress: Progress | None = None, clock: Clock = utc_now) -> FastAPI:
    """The upload's app. `progress` is shared with the workers of the same process, where there are any."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[MoeSyncState]:
        engine = create_engine(settings.database_url, SCHEMA, pool_size=settings.database_pool)
        try:
            async with token_verifier(settings) as verifier:
                yield MoeSyncState(
                    verifier=verifier,
                    checks={"database": lambda: ping(engine)},
                    progress=progress or Progress(),
                    settings=settings,
                    engine=engine,
                    clock=clock,
                )
        finally:
            await engine.dispose()

    modules = (uploads, school_settings, items, windows, differences, files, certificates, status)
    routers = [*(module.router for module in modules), dead_letters_router(DeadLetterBox(SCHEMA))]
    return create_service_app("moe-sync", "Weekly uploads of STAR records and responses", settings, lifespan, routers)
