"""`star import`: a CSV file of marks or students through the REST API."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from deploy.importing.bookmark import Bookmark, Task, bookmark_path, read_bookmark
from deploy.importing.chunks import Source
from deploy.importing.door import Door, DoorError
from services.ingest.csv_import.columns import Kind
from services.ingest.csv_import.errors import CsvError
from shared.clock import utc_now
from shared.identifiers import school_number

SOME_REFUSED: Final = 1
FAILED: Final = 2
INTERRUPTED: Final = 128 + signal.SIGINT
ROWS_A_CHUNK: Final = 5_000
"""Rows of a request: a tenth of a second, and as much as is sent again after an outage."""


class ImportFailedError(click.ClickException):
    """Something but the rows is wrong."""

    exit_code = FAILED


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--school", required=True, help="The school's number.")
@click.option("--url", default="http://127.0.0.1:8000/ingest", show_default=True, help="Where the ingest service is.")
@click.option("--token", required=True, envvar="STAR_TOKEN", help="A bearer token with marks:write or, for students, roster:write.")
@click.option("--kind", type=click.Choice(["marks", "students"]), default="marks", show_default=True)
@click.option("--map", "mappings", multiple=True, metavar='"COLUMN=FIELD"', help="What a column is; without a field it is left out.")
@click.option("--recorded-at", help="The moment of rows that say none; by default, when the file was written.")
@click.option("--dry-run", is_flag=True, help="Only say what would become of the file.")
@click.option("--patience", type=click.FloatRange(0, 86_400), default=120.0, show_default=True, help="Seconds to wait for an answer.")
@click.option("--chunk", type=click.IntRange(1, 100_000), default=ROWS_A_CHUNK, show_default=True, help="Rows of a request.")
@click.pass_context
def import_(
    context: click.Context,
    file: Path,
    school: str,
    url: str,
    token: str,
    kind: Kind,
    mappings: Sequence[str],
    recorded_at: str | None,
    dry_run: bool,
    patience: float,
    chunk: int,
) -> None:
    """Sends the rows of FILE, and prints what became of them.

    Stopped, killed or cut off, it carries on where it was when it is run again: FILE.star-progress says how far it came.
    Ends with 1 when rows were refused, with 2 when it could not go on.
    """
    told = _told(mappings)
    try:
        number = school_number(school)
        source = Source(file, kind, told, chunk)
        task = Task(source.digest(), url, number, kind, told, recorded_at)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--school") from error
    except OSError as error:
        raise ImportFailedError(f"{file} can't be read ({error.strerror})") from error
    keeping = None if dry_run else bookmark_path(file)
    bookmark = (read_bookmark(keeping, task) if keeping else None) or Bookmark(task, recorded_at or _written_at(file))
    if bookmark.line:
        click.echo(f"carrying on behind line {bookmark.line}", err=True)
    query = {
        "kind": kind,
        "dry_run": str(dry_run).lower(),
        "recorded_at": bookmark.recorded_at,
        "map": [f"{column}={field}" for column, field in told.items()],
    }
    with _screen(source.size) as (show, say):
        door = Door(url, number, token, query, patience, lambda why: say(f"waiting: {why}"))
        try:
            _send(source, door, bookmark, keeping, show)
        except (CsvError, DoorError, OSError) as error:
            raise ImportFailedError(f"{error}{_carry_on(bookmark, keeping)}") from error
        except KeyboardInterrupt:
            click.echo(f"stopped{_carry_on(bookmark, keeping)}", err=True)
            context.exit(INTERRUPTED)
        finally:
            door.close()
    if keeping:
        keeping.unlink(missing_ok=True)
    for line in bookmark.outcome.lines(students=len(source.students - {""}), dry_run=dry_run):
        click.echo(line)
    context.exit(SOME_REFUSED if bookmark.outcome.all_refused else 0)


def _send(source: Source, door: Door, bookmark: Bookmark, keeping: Path | None, show: Callable[[int, int], None]) -> None:
    for chunk in source.chunks(bookmark.line):
        bookmark.outcome.add(chunk, door.post(chunk))
        bookmark.line = chunk.last_line
        if keeping:
            bookmark.write(keeping)
        show(chunk.position, bookmark.outcome.rows)


def _carry_on(bookmark: Bookmark, keeping: Path | None) -> str:
    if keeping is None or not bookmark.line:
        return ""
    return f"\nEvery row up to line {bookmark.line} is dealt with; the same command carries on from there."


def _written_at(file: Path) -> str:
    """When the file was written: what it says was so then. A clock that runs ahead of ours would have every row refused."""
    return min(datetime.fromtimestamp(file.stat().st_mtime, UTC), utc_now()).isoformat()


def _told(mappings: Sequence[str]) -> Mapping[str, str]:
    told: dict[str, str] = {}
    for mapping in mappings:
        column, equals, field = mapping.rpartition("=")
        if not equals or not column.strip():
            raise click.BadParameter("write COLUMN=FIELD", param_hint="--map")
        told[column.strip()] = field.strip()
    return told


@contextmanager
def _screen(size: int) -> Iterator[tuple[Callable[[int, int], None], Callable[[str], None]]]:
    """A bar where there is a terminal; answers how to move it and how to say something beside it."""
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("0 rows", total=size)
        yield (
            lambda position, rows: progress.update(bar, completed=position, description=f"{rows} rows"),
            lambda text: console.print(text, markup=False, soft_wrap=True),
        )
