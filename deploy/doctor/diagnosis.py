"""The whole look: part by part, in the order in which they need each other."""

from pathlib import Path
from typing import Final

from deploy.doctor.bus import look_at_bus, look_at_offsets
from deploy.doctor.certificates import look_at_certificates
from deploy.doctor.configuration import look_at_configuration
from deploy.doctor.database import look_at_database, look_at_logins, look_at_migrations
from deploy.doctor.database_settings import look_at_rights, look_at_settings
from deploy.doctor.disk import look_at_disk
from deploy.doctor.finding import Finding, not_looked_at
from deploy.doctor.outside import look_at_mail, look_at_ministry
from deploy.doctor.sign_in import look_at_sign_in
from deploy.embedded.postgres import running_database
from deploy.embedded.trees import SERVICE_TREES, TREES
from deploy.topics import READERS
from services.console.settings import ConsoleSettings
from services.moe_sync.settings import MoeSyncSettings
from services.notifier.settings import NotifierSettings
from shared.bus.embedded.bus import SCHEMA as EMBEDDED_BUS
from shared.bus.factory import create_bus
from shared.settings import Settings

AFTER_CONFIGURATION: Final = (
    "disk",
    "database",
    "clocks",
    "database-settings",
    "migrations",
    "rights",
    "logins",
    "broker",
    "topics",
    "offsets",
    "mail",
    "ministry",
    "sign-in",
    "certificates",
)

AFTER_DATABASE: Final = ("database-settings", "migrations", "rights", "logins", "broker", "topics", "offsets")


async def diagnose(data: Path) -> list[Finding]:
    """A finding for each part."""
    configuration = look_at_configuration(data)
    if configuration.state == "fail":
        return [configuration, *(not_looked_at(name, "the configuration can't be used") for name in AFTER_CONFIGURATION)]
    settings = Settings(data=data)
    console, notifier, ministry = ConsoleSettings(data=data), NotifierSettings(data=data), MoeSyncSettings(data=data)
    sandbox = not settings.database_url
    return [
        configuration,
        look_at_disk(data, *filter(None, [ministry.ministry_folder])),
        *await _within(settings),
        await look_at_mail(notifier, sandbox=sandbox),
        await look_at_ministry(ministry, sandbox=sandbox),
        await look_at_sign_in(console),
        await look_at_certificates(console, notifier, ministry),
    ]


async def _within(settings: Settings) -> list[Finding]:
    """The database and the bus."""
    database_url = settings.database_url or running_database(settings.data / "postgres")
    if database_url is None:
        fix = f"set STAR_DATABASE_URL, or start `star run --data {settings.data}`"
        return [Finding("database", "fail", "none is named, and none runs on the data folder", fix), *_later("clocks")]
    database = await look_at_database(database_url)
    if database[0].state == "fail":
        return [*database, *(_later("clocks") if len(database) == 1 else _later())]
    database.append(await look_at_settings(database_url))
    # Each bus in its own place: the tables of the embedded one are nobody's business where Kafka is in use.
    trees = [tree for tree in TREES if settings.bus == "embedded" or tree.schema != EMBEDDED_BUS]
    migrations = await look_at_migrations(database_url, trees)
    if migrations.state == "fail":
        return [
            *database,
            migrations,
            *(not_looked_at(name, "the database is not migrated") for name in ("rights", "logins", "broker", "topics", "offsets")),
        ]
    rights = await look_at_rights(database_url, [tree.schema for tree in SERVICE_TREES])
    logins = await look_at_logins(settings.model_copy(update={"database_url": database_url}))
    bus = create_bus(settings.model_copy(update={"database_url": database_url}))
    try:
        found = await look_at_bus(bus, settings.bus, database_url)
        if any(finding.state == "fail" for finding in found):
            return [*database, migrations, rights, logins, *found, not_looked_at("offsets", "the bus is not well")]
        return [*database, migrations, rights, logins, *found, await look_at_offsets(bus, database_url, READERS)]
    finally:
        await bus.close()


def _later(*more: str) -> list[Finding]:
    return [not_looked_at(name, "no database") for name in (*more, *AFTER_DATABASE)]
