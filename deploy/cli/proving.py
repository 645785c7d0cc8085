"""`star verify` and `star replay`: proof that what is stored is what the marks say."""

import sys
from pathlib import Path

import click
import uvloop

from deploy.cli.options import data_option, settings_of
from services.thresholds.proof.mending import mend
from services.thresholds.proof.replaying import Replayed
from services.thresholds.proof.replaying import replay as replay_topic
from services.thresholds.proof.verifying import verify as verify_all
from services.thresholds.register.folding import Folder
from services.thresholds.settings import SCHEMA
from shared.attendance.codes import CodeTable
from shared.bus.factory import create_bus
from shared.clock import utc_now
from shared.db.engine import create_engine
from shared.settings import Settings
from shared.telemetry.logging import configure_logging

SHOWN = 50

school_option = click.option("--school", help="Only this school's number; all of them by default.")


def _settings(data: Path) -> Settings:
    configure_logging("console")
    return settings_of(data)


@click.command()
@data_option
@school_option
def verify(data: Path, school: str | None) -> None:
    """Counts every total again, and lists what differs.

    A slow, obvious oracle counts. Ends with 1 if a total differs.
    """
    sys.exit(uvloop.run(_verify(_settings(data), school)))


@click.command()
@data_option
@school_option
@click.option("--apply", "mends", is_flag=True, help="Mend the rows that lack marks or are counted wrongly.")
def replay(data: Path, school: str | None, mends: bool) -> None:
    """Builds the register again from the topic, and compares.

    Marks may flow on meanwhile. The register in use stays as it is, unless --apply mends it: letters and uploads follow as if the marks had
    come now. Ends with 1 if a row lacks marks that the topic has, or is counted wrongly, and is not mended.
    """
    sys.exit(uvloop.run(_replay(_settings(data), school, mends=mends)))


async def _verify(settings: Settings, school: str | None) -> int:
    engine = create_engine(settings.database_url, SCHEMA, pool_size=2)
    rows = differences = 0
    try:
        async for result in verify_all(engine, CodeTable.load(settings.attendance_codes), utc_now(), school):
            rows += result.rows
            differences += len(result.differences)
            for difference in result.differences[:SHOWN]:
                click.echo(f"{' '.join(difference.key)}: {difference.what}")
    finally:
        await engine.dispose()
    click.echo(f"{rows} rows verified, {differences} differences")
    return 1 if differences else 0


async def _replay(settings: Settings, school: str | None, *, mends: bool) -> int:
    engine = create_engine(settings.database_url, SCHEMA, pool_size=2)
    bus = create_bus(settings)
    folder = Folder(CodeTable.load(settings.attendance_codes))
    try:
        result = await replay_topic(engine, bus, folder, utc_now(), school)
        _report(result)
        if mends:
            click.echo(f"{await mend(engine, folder, result, utc_now())} rows mended")
    finally:
        await bus.close()
        await engine.dispose()
    return 1 if (result.lacking or result.miscounted) and not mends else 0


def _report(result: Replayed) -> None:
    for key in result.lacking[:SHOWN]:
        click.echo(f"{' '.join(key)}: the topic has marks that the register lacks")
    for key in result.miscounted[:SHOWN]:
        click.echo(f"{' '.join(key)}: the total is not what the marks give")
    if result.behind:
        click.echo("the worker has not applied yet all that the topic has: rows may lack marks that are on their way")
    click.echo(
        f"{result.marks} marks in {result.messages} messages: {result.equal} rows are equal, {len(result.lacking)} lack marks,"
        f" {len(result.miscounted)} are counted wrongly, {len(result.beyond)} hold marks from before the topic's beginning or from"
        f" meanwhile; {result.unknown} marks are in no term"
    )
