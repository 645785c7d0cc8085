"""`star verify` and `star replay`: proof that what is stored is what the marks say."""

import sys
import time
from pathlib import Path
from typing import Any

import click
import uvloop

from deploy.cli.options import data_option, json_option, settings_of
from deploy.cli.output import print_json
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
SAID_EVERY = 5.0

school_option = click.option("--school", help="Only this school's number; all of them by default.")


def _settings(data: Path) -> Settings:
    configure_logging("console")
    return settings_of(data)


@click.command()
@data_option
@school_option
@json_option
def verify(data: Path, school: str | None, as_json: bool) -> None:
    """Counts every total again, and lists what differs.

    A slow, obvious oracle counts. Ends with 1 if a total differs.
    """
    sys.exit(uvloop.run(_verify(_settings(data), school, as_json=as_json)))


@click.command()
@data_option
@school_option
@click.option("--apply", "mends", is_flag=True, help="Mend the rows that lack marks or are counted wrongly.")
@json_option
def replay(data: Path, school: str | None, mends: bool, as_json: bool) -> None:
    """Builds the register again from the topic, and compares.

    Marks may flow on meanwhile. The register in use stays as it is, unless --apply mends it: letters and uploads follow as if the marks had
    come now. Ends with 1 if a row lacks marks that the topic has, or is counted wrongly, and is not mended.
    """
    sys.exit(uvloop.run(_replay(_settings(data), school, mends=mends, as_json=as_json)))


async def _verify(settings: Settings, school: str | None, *, as_json: bool) -> int:
    engine = create_engine(settings.database_url, SCHEMA, pool_size=2)
    rows = differences = 0
    shown: list[dict[str, object]] = []
    try:
        async for result in verify_all(engine, CodeTable.load(settings.attendance_codes), utc_now(), school):
            rows += result.rows
            differences += len(result.differences)
            for difference in result.differences[:SHOWN]:
                shown.append({"row": list(difference.key), "what": difference.what})
                if not as_json:
                    click.echo(f"{' '.join(difference.key)}: {difference.what}")
    finally:
        await engine.dispose()
    if as_json:
        print_json({"rows": rows, "differences": differences, "shown": shown})
    else:
        click.echo(f"{rows} rows verified, {differences} differences")
    return 1 if differences else 0


async def _replay(settings: Settings, school: str | None, *, mends: bool, as_json: bool) -> int:
    engine = create_engine(settings.database_url, SCHEMA, pool_size=2)
    bus = create_bus(settings)
    folder = Folder(CodeTable.load(settings.attendance_codes))
    try:
        result = await replay_topic(engine, bus, folder, utc_now(), school, kind=settings.bus, progress=_Progress())
        if not as_json:
            _report(result)
        mended = await mend(engine, folder, result, utc_now()) if mends else 0
        if as_json:
            print_json(_document(result, mended))
        elif mends:
            click.echo(f"{mended} rows mended")
    finally:
        await bus.close()
        await engine.dispose()
    return 1 if (result.lacking or result.miscounted) and not mends else 0


def _document(result: Replayed, mended: int) -> dict[str, Any]:
    return {
        "messages": result.messages,
        "marks": result.marks,
        "equal": result.equal,
        "lacking": [list(key) for key in result.lacking],
        "miscounted": [list(key) for key in result.miscounted],
        "beyond": len(result.beyond),
        "unknown": result.unknown,
        "behind": bool(result.behind),
        "mended": mended,
    }


class _Progress:
    """Says now and then how far the reading is, beside the result: it takes minutes for a large topic."""

    def __init__(self) -> None:
        self._next = time.monotonic() + SAID_EVERY

    def __call__(self, read: int, left: int) -> None:
        if time.monotonic() >= self._next:
            click.echo(f"{read} messages are read, {left} are left", err=True)
            self._next = time.monotonic() + SAID_EVERY


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
