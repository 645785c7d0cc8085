"""`star backup` and `star restore`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Final

import click
import uvloop

from deploy.backup.manifest import BackupError
from deploy.backup.objects import check_address, fetch, spool
from deploy.backup.placing import STATES, TopicState
from deploy.backup.restoring import Restored, Target, restore
from deploy.backup.taking import take, take_to
from deploy.cli.options import data_option, json_option, with_database
from deploy.cli.output import keep_logs_out, local_time, print_json
from deploy.embedded.data_folder import DataFolderInUseError, locked
from deploy.embedded.owner import logins, make_owner
from deploy.embedded.postgres import EmbeddedPostgres, running_database
from shared.clock import utc_now
from shared.settings import Settings

WIDTH: Final = 100
"""Columns of a paragraph."""

ON_THE_BUS: Final = {
    "embedded": "The bus is in the database, and went back with it. Letters that left after the backup are not known: look at the mail "
    "server's log, and set the policy's daily_cap to 0 where some did.",
    "kafka": "Nobody had read anything from the broker yet: groups begin at its start.",
    "other": "The bus is another one, and nothing on the old one was unread. Groups begin at the new one's start.",
}
"""The promise about the bus, for the same bus and for another."""

MISSING: Final = (
    "Marks of after the backup that it lacks are missing: have the schools send them again, then run `star verify` and "
    "`star doctor --settle-gaps`. A letter that left after the backup goes again, with the Message-ID that it had."
)

ON_TOPICS: Final[Mapping[TopicState, str]] = {
    "same": "The broker ends where the backup does, at {}: groups read on.",
    "ahead": "The broker is ahead of the backup, at {}: groups read on where the backup stood, and totals become what they were. "
    "Letters that may have left since the backup wait for a person.",
    "lost": "The broker has deleted what follows on the backup, at {}: groups read on with the oldest that it has. Have the schools "
    "send the time between again, then run `star verify` and `star doctor --settle-gaps`.",
    "older": f"The broker is older than the backup, at {{}}: groups read it again from its start, which changes no total. {MISSING}",
    "another": f"The broker has other topics than the backup knows, at {{}}: groups read them from their start. {MISSING}",
}
"""The promise about topics of Kafka, by how they stand to the backup."""


@click.command()
@data_option
@json_option
@click.option("--to", "address", metavar="s3://BUCKET/PREFIX", help="Storage instead of a folder; AWS_ variables have its credentials.")
@click.argument("destination", type=click.Path(path_type=Path, file_okay=False), required=False)
def backup(data: Path, as_json: bool, address: str | None, destination: Path | None) -> None:
    """Writes all that has to be kept into a new folder, or to storage.

    It lies below DESTINATION or the address, and has the database, the keys of the data folder, and checksums. Everything runs on
    meanwhile; of a `star run` that is stopped, the database is started for as long. A reader of it can read students' data and sign
    tokens: only its owner may read it. The database's login has to read all schemas (its owner can). Prints where it is.
    """
    keep_logs_out()
    try:
        done = uvloop.run(_backup(Settings(data=data), destination, address))
    except (BackupError, DataFolderInUseError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        print_json({"backup": done})
    else:
        click.echo(done)


async def _backup(settings: Settings, destination: Path | None, address: str | None) -> str:
    postgres = settings.data / "postgres"
    if settings.database_url or running_database(postgres) is not None or not postgres.is_dir():
        return await _take(with_database(settings), destination, address)
    async with _at_rest(settings) as target:
        return await _take(target.settings.model_copy(update={"database_url": target.owner_url}), destination, address)


async def _take(settings: Settings, destination: Path | None, address: str | None) -> str:
    now = utc_now().astimezone(UTC)
    if destination is not None and address is None:
        return str(await take(settings, destination, now))
    if address is not None and destination is None:
        return await take_to(settings, address, now)
    raise click.UsageError("give either DESTINATION or --to")


@click.command("restore")
@data_option
@json_option
@click.option("--replace", is_flag=True, help="Also if there are schools in the database, or other keys in the data folder: they are lost.")
@click.option("--from", "address", metavar="s3://BUCKET/PREFIX/BACKUP", help="The address that `star backup --to` printed.")
@click.argument("backup", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
def restore_(data: Path, as_json: bool, replace: bool, address: str | None, backup: Path | None) -> None:
    """Puts a BACKUP in place, and says what becomes of the bus.

    Stop every process first. Without STAR_DATABASE_URL, the database is that of a `star run` on the data folder, which must not run.
    """
    keep_logs_out()
    settings = Settings(data=data)
    try:
        done = uvloop.run(_fetch_and_restore(backup, address, settings, replace=replace))
    except (BackupError, DataFolderInUseError) as error:
        raise click.ClickException(str(error)) from error
    told = said_of(done)
    if as_json:
        manifest = done.manifest
        taken_at = manifest.taken_at.isoformat()
        print_json({"taken_at": taken_at, "version": manifest.version, "bus": " ".join(told), "topics": dict(done.topics)})
    else:
        click.echo(f"restored, as it was at {local_time(done.manifest.taken_at)}")
        for paragraph in told:
            click.echo(click.wrap_text(paragraph, WIDTH))


def said_of(done: Restored) -> list[str]:
    """The promise about the bus, a paragraph for each state of its topics, the worst first."""
    if not done.topics:
        return [ON_THE_BUS[done.bus]]
    by_state = {state: [topic for topic, of in done.topics.items() if of == state] for state in reversed(STATES)}
    return [ON_TOPICS[state].format(", ".join(topics)) for state, topics in by_state.items() if topics]


async def _fetch_and_restore(backup: Path | None, address: str | None, settings: Settings, *, replace: bool) -> Restored:
    if backup is not None and address is None:
        return await _restore(backup, settings, replace=replace)
    if address is not None and backup is None:
        await asyncio.to_thread(check_address, address)
        with spool(settings.data) as folder:
            await asyncio.to_thread(fetch, address, folder)
            return await _restore(folder, settings, replace=replace)
    raise click.UsageError("give either BACKUP or --from")


async def _restore(backup: Path, settings: Settings, *, replace: bool) -> Restored:
    if settings.database_url:
        return await restore(backup, Target(settings, settings.database_url), replace=replace)
    async with _at_rest(settings) as target:
        return await restore(backup, target, replace=replace)


@asynccontextmanager
async def _at_rest(settings: Settings) -> AsyncIterator[Target]:
    """The database of a `star run` that does not run, started for as long. Raises DataFolderInUseError."""
    with locked(settings.data):
        server = EmbeddedPostgres(settings.data / "postgres")
        superuser_url = server.start()
        try:
            await make_owner(superuser_url)
            yield Target(settings.model_copy(update=logins(superuser_url)), superuser_url)
        finally:
            server.stop()
