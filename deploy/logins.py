"""The services' logins to the database: one of their own each, or the one login of the release before."""

from typing import Final

import structlog

from deploy.embedded.trees import SERVICE_TREES, TREES
from deploy.services import schema_of
from shared.db.engine import create_engine
from shared.db.finishing import finish
from shared.db.logins import login_of, passwords_of, within_reach
from shared.db.migrate import migrate
from shared.settings import ServiceName, Settings

log = structlog.get_logger()

HOW: Final = "give each service a login of its own: docs/how-to/run-a-cluster.md"


async def migrate_all(settings: Settings) -> None:
    """Brings all schemas up to date, and sets the passwords of the services' logins."""
    urls = {schema_of(service): url for service, url in settings.service_urls.items() if url}
    await migrate(settings.database_url, TREES, passwords=passwords_of(urls))


async def finish_all(settings: Settings) -> list[str]:
    """Notes that no process of an older release runs any more; answers what waited for that. Raises OlderReleaseError."""
    return await finish(settings.database_url, {tree.schema: tree.steps for tree in TREES if tree.steps})


async def reached_by(settings: Settings, service: ServiceName) -> list[str]:
    """The schemas of other services whose roles the service's login may become."""
    schema = schema_of(service)
    engine = create_engine(settings.of_service(service).database_url, schema, pool_size=1)
    try:
        return await within_reach(engine, [tree.schema for tree in SERVICE_TREES if tree.schema != schema])
    finally:
        await engine.dispose()


async def warn_of_reach(settings: Settings, service: ServiceName) -> None:
    """Says so when a service logs in as a user who may become the roles of others, as all did in release 0.1.0."""
    reached = await reached_by(settings, service)
    if reached:
        log.warning("database.login_is_shared", service=service, reaches=reached, wanted=login_of(schema_of(service)), fix=HOW)
