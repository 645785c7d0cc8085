"""`star backup` and `star restore`."""

import asyncio
from datetime import UTC
from pathlib import Path

import click
import uvloop

from deploy.backup.manifest import BackupError, Manifest
from deploy.backup.objects import check_address, fetch, spool
from deploy.backup.restoring import Target, restore
from deploy.backup.taking import take, take_to
from deploy.cli.options import data_option, json_option, settings_of
from deploy.cli.output import keep_logs_out, local_time, print_json
from deploy.embedded.data_folder import DataFolderInUseError, locked
from deploy.embedded.owner import logins, make_owner
from deploy.embedded.postgres import EmbeddedPostgres
from shared.clock import utc_now
from shared.settings import Settings

ON_THE_BUS = {
    "embedded": "The bus is in the database, and went back with it. Letters that left after the backup are not known: look at the mail "
    "server's log, and set the policy's daily_cap to 0 where some did.",
    "kafka": "Each group reads on where the backup stood. On the broker of then, letters that may have left since wait for a person. "
    "On an older or empty one, totals are those of the backup, and what was posted after it is missing: have the schools send it again, "
    "then run `star replay --apply` and `star doctor --settle-gaps`. A letter that left after the backup goes again, with the Message-ID "
    "that it had.",
    "other": "The bus is another one, and nothing on the old one was unread. Groups begin at the new one's start.",
}
"""The promise about the bus, for the same bus and for another."""


@click.command()
@data_option
@json_option
@click.option("--to", "address", metavar="s3://BUCKET/PREFIX", help="Storage instead of a folder; AWS_ variables have its credentials.")
@click.argument("destination", type=click.Path(path_type=Path, file_okay=False), required=False)
def backup(data: Path, as_json: bool, address: str | None, destination: Path | None) -> None:
    """Writes all that has to be kept into a new folder, or to storage.

    It lies below DESTINATION or the address, and has the database, the keys of the data folder, and checksums. Everything runs on
    meanwhile. A reader of it can read students' data and sign tokens: only its owner may read it. The database's login has to read all
    schemas (its owner can). Prints where it is.
    """
    keep_logs_out()
    try:
        done = uvloop.run(_backup(settings_of(data), destination, address))
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        print_json({"backup": done})
    else:
        click.echo(done)


async def _backup(settings: Settings, destination: Path | None, address: str | None) -> str:
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
        manifest = uvloop.run(_fetch_and_restore(backup, address, settings, replace=replace))
    except (BackupError, DataFolderInUseError) as error:
        raise click.ClickException(str(error)) from error
    bus = ON_THE_BUS[settings.bus if manifest.bus == settings.bus else "other"]
    if as_json:
        print_json({"taken_at": manifest.taken_at.isoformat(), "version": manifest.version, "bus": bus})
    else:
        click.echo(f"restored, as it was at {local_time(manifest.taken_at)}")
        click.echo(bus)


async def _fetch_and_restore(backup: Path | None, address: str | None, settings: Settings, *, replace: bool) -> Manifest:
    if backup is not None and address is None:
        return await _restore(backup, settings, replace=replace)
    if address is not None and backup is None:
        await asyncio.to_thread(check_address, address)
        with spool(settings.data) as folder:
            await asyncio.to_thread(fetch, address, folder)
            return await _restore(folder, settings, replace=replace)
    raise click.UsageError("give either BACKUP or --from")


async def _restore(backup: Path, settings: Settings, *, replace: bool) -> Manifest:
    if settings.database_url:
        return await restore(backup, Target(settings, settings.database_url), replace=replace)
    with locked(settings.data):
        server = EmbeddedPostgres(settings.data / "postgres")
        superuser_url = server.start()
        try:
            await make_owner(superuser_url)
            within = settings.model_copy(update=logins(superuser_url))
            return await restore(backup, Target(within, superuser_url), replace=replace)
        finally:
            server.stop()
