"""The state of a serving process: one typed object, opened by the app's lifespan and available on every request."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypedDict

import httpx
from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.auth.claims import Claims
from shared.auth.tokens import LocalKeys, OidcKeys, TokenVerifier
from shared.bus.factory import create_bus
from shared.clock import Clock
from shared.db.engine import create_engine, ping
from shared.measures.measuring import Lags
from shared.settings import Settings
from shared.telemetry.progress import Check, Progress

STATE: Final = "service"


@dataclass(kw_only=True)
class ServiceState:
    """The resources of every service; each service extends it with its settings and resources of its own."""

    engine: AsyncEngine
    verifier: TokenVerifier
    checks: Mapping[str, Check]
    """The checks of `/readyz`, by name; each raises when its dependency does not answer."""
    progress: Progress
    clock: Clock
    lags: Lags
    data: Path

    async def student_named(self, school: str, name: str) -> str:
        """The student whom a path names; a service that knows more of keys than their text says so."""
        del school
        return name

    async def outward_names(self, school: str) -> Mapping[str, str]:
        """The names by which people know students whom we call otherwise; a service that knows more of keys says so."""
        del school
        return {}

    async def names_of_children(self) -> Mapping[str, str]:
        """The same of all schools, by `student_id`."""
        return {}


class Resources(TypedDict):
    """The fields of `ServiceState`."""

    engine: AsyncEngine
    verifier: TokenVerifier
    checks: Mapping[str, Check]
    progress: Progress
    clock: Clock
    lags: Lags
    data: Path


@asynccontextmanager
async def open_resources(
    schema: str, settings: Settings, progress: Progress | None, clock: Clock, checks: Mapping[str, Check] | None = None
) -> AsyncIterator[Resources]:
    """Opens what every service's state has, and closes it when the app ends, after what the service has opened on top of it:

        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[ThingsState]:
            async with open_resources(SCHEMA, settings, progress, clock) as resources:
                yield ThingsState(**resources, settings=settings)

    `progress` is shared with the workers of the same process, where there are any; `checks` join that of the database.
    """
    engine = create_engine(settings.database_url, schema, pool_size=settings.database_pool)
    bus = create_bus(settings)
    try:
        async with _token_verifier(settings) as verifier:
            yield Resources(
                engine=engine,
                verifier=verifier,
                checks={"database": lambda: ping(engine), **(checks or {})},
                progress=progress or Progress(),
                clock=clock,
                lags=bus.lags,
                data=settings.data,
            )
    finally:
        await bus.close()
        await engine.dispose()


def service_state(request: Request) -> Any:
    """The state that the service's lifespan yielded; a service wraps this in a dependency of its own type."""
    return getattr(request.state, STATE)


@asynccontextmanager
async def _token_verifier(settings: Settings) -> AsyncIterator[TokenVerifier]:
    async with AsyncExitStack() as stack:
        if settings.oidc_issuer:
            client = await stack.enter_async_context(httpx.AsyncClient())
            claims = Claims(settings.oidc_claims, settings.oidc_roles)
            yield TokenVerifier(OidcKeys(settings.oidc_issuer, settings.oidc_audience, client), claims=claims)
        else:
            yield TokenVerifier(LocalKeys(settings.data))
