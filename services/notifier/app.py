"""The notifier: letters to caregivers, and every delivery of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI

from services.notifier.api import deliveries
from services.notifier.settings import NotifierSettings
from services.notifier.state import NotifierState
from shared.clock import Clock, utc_now
from shared.db.engine import create_engine, ping
from shared.deadletters.api import dead_letters_router
from shared.telemetry.progress import Progress
from shared.web.service import create_service_app, token_verifier

SCHEMA: Final = "notifier"


def create_app(settings: NotifierSettings, *, progress: Progress | None = None, clock: Clock = utc_now) -> FastAPI:
    """The notifier's app. `progress` is shared with the workers of the same process, where there are any."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[NotifierState]:
        engine = create_engine(settings.database_url, SCHEMA, pool_size=settings.database_pool)
        try:
            async with token_verifier(settings) as verifier:
                yield NotifierState(
                    verifier=verifier,
                    checks={"database": lambda: ping(engine)},
                    progress=progress or Progress(),
                    settings=settings,
                    engine=engine,
                    clock=clock,
                )
        finally:
            await engine.dispose()

    routers = [deliveries.router, dead_letters_router()]
    return create_service_app("notifier", "Letters to caregivers, and every delivery of them", settings, lifespan, routers)
