"""`star import`: a CSV file of marks or students, or a roster in OneRoster CSV, through the REST API."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from deploy.cli.options import data_option, json_option, token_option, token_or_own, url_option
from deploy.cli.output import print_json
from deploy.importing.outcome import Outcome
from deploy.importing.rosters import RosterOutcome, only_school
from deploy.importing.sending import LIMIT, Sender, SendingError
from services.ingest.oneroster.errors import OneRosterError
from shared.clock import utc_now
from shared.identifiers import SchoolNumber, school_number

SOME_REFUSED: Final = 1
FAILED: Final = 2
INTERRUPTED: Final = 128 + signal.SIGINT


class ImportFailedError(click.ClickException):
    """Something but the rows is wrong."""

    exit_code = FAILED


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--school", help="The school's number; a zip that is about one school may leave it out.")
@url_option("ingest")
@token_option
@data_option
@click.option("--kind", type=click.Choice(["marks", "students", "oneroster"]), default="marks", show_default=True)
@click.option("--map", "mappings", multiple=True, metavar='"COLUMN=FIELD"', help="Read a column as this field; with none, leave it out.")
@click.option("--recorded-at", help="The time for rows that have none; by default, when the file was written.")
@click.option("--dry-run", is_flag=True, help="Only report what would become of the file.")
@click.option("--full", is_flag=True, help="For students: FILE is the whole roster; students whom it leaves out have left.")
@click.option("--confirm", metavar="VALUE", help="Make a change that would move much: the value that its refusal showed.")
@click.option(
    "--patience", type=click.FloatRange(0, 86_400), default=120.0, show_default=True, help="Seconds to wait while the service is away."
)
@json_option
@click.option("--chunk", type=click.IntRange(1, 100_000), hidden=True, deprecated="the file goes as it is")
@click.pass_context
def import_(
    context: click.Context,
    file: Path,
    school: str | None,
    url: str,
    token: str | None,
    data: Path,
    kind: str,
    mappings: Sequence[str],
    recorded_at: str | None,
    dry_run: bool,
    full: bool,
    confirm: str | None,
    patience: float,
    chunk: int | None,
    as_json: bool,
) -> None:
    """Sends FILE, and prints what became of its rows.

    The token needs marks:write or, for students, roster:write. If the connection breaks, the command waits and goes on. If it was stopped,
    run it again: rows that are sent twice count once. It ends with 1 if rows were refused, and with 2 if it could not go on.
    """
    del chunk
    number = _school(school, file, kind)
    bearer = token_or_own(token, data, ["marks:write" if kind == "marks" else "roster:write"], [number])
    if full and (kind == "marks" or file.stat().st_size > LIMIT):
        raise click.BadParameter("it goes with students, and a file that one request takes", param_hint="--full")
    if mappings and kind == "oneroster":
        raise click.BadParameter("the tables of a zip name their columns themselves", param_hint="--map")
    query = {
        "kind": kind,
        "dry_run": str(dry_run).lower(),
        "recorded_at": recorded_at or _written_at(file),
        "full": str(full).lower(),
        **({"confirm": confirm} if confirm else {}),
        "map": [f"{column}={field}" for column, field in _columns_named(mappings).items()],
    }
    outcome = RosterOutcome() if kind == "oneroster" else Outcome()
    media = "application/zip" if kind == "oneroster" else "text/csv"
    with _screen(file) as (moved, say):
        sender = Sender(url, number, bearer, query, patience, outcome, media=media, moved=moved, waiting=lambda why: say(f"waiting: {why}"))
        try:
            sender.send(file)
        except (SendingError, ValueError) as error:
            raise ImportFailedError(f"{error}{_so_far(outcome.last_line)}") from error
        except OSError as error:
            raise ImportFailedError(f"{file} can't be read ({error.strerror}){_so_far(outcome.last_line)}") from error
        except KeyboardInterrupt:
            click.echo(f"stopped{_so_far(outcome.last_line)}", err=True)
            context.exit(INTERRUPTED)
        finally:
            sender.close()
    if as_json:
        print_json(outcome.document())
    else:
        for line in outcome.lines(dry_run=dry_run):
            click.echo(line)
    context.exit(SOME_REFUSED if outcome.all_refused else 0)


def _school(school: str | None, file: Path, kind: str) -> SchoolNumber:
    if school is None and kind != "oneroster":
        raise click.UsageError("Missing option '--school'.")
    try:
        return only_school(file) if school is None else school_number(school)
    except (ValueError, OneRosterError) as error:
        raise click.BadParameter(str(error), param_hint="--school") from error


def _so_far(last_line: int) -> str:
    return (
        f"\nEvery row up to line {last_line} is dealt with. Run the command again: rows that are sent twice count once."
        if last_line
        else ""
    )


def _written_at(file: Path) -> str:
    """When the file was written: what it says was so then. A clock that runs ahead of ours would have every row refused."""
    return min(datetime.fromtimestamp(file.stat().st_mtime, UTC), utc_now()).isoformat()


def _columns_named(mappings: Sequence[str]) -> Mapping[str, str]:
    named: dict[str, str] = {}
    for mapping in mappings:
        column, equals, field = mapping.rpartition("=")
        if not equals or not column.strip():
            raise click.BadParameter("write COLUMN=FIELD", param_hint="--map")
        named[column.strip()] = field.strip()
    return named


@contextmanager
def _screen(file: Path) -> Iterator[tuple[Callable[[int], None], Callable[[str], None]]]:
    """A bar by bytes where there is a terminal; answers how to move it and how to say something beside it."""
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(file.name, total=file.stat().st_size)
        yield (
            lambda position: progress.update(bar, completed=position),
            lambda text: console.print(text, markup=False, soft_wrap=True),
        )
