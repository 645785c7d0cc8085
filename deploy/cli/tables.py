"""`star tables`: flat tables of all services, for spreadsheets and BI tools."""

from pathlib import Path

import click
import uvloop

from deploy.cli.options import OWN_SUBJECT, SCHOOL, data_option, json_option, settings_of
from deploy.cli.output import keep_logs_out, print_json, print_table
from deploy.tables import Wanted, Written, tables_of
from shared.clock import utc_now
from shared.flat_tables.files import Format, NoParquetError
from shared.identifiers import SchoolNumber
from shared.settings import Settings
from shared.web.errors import ProblemError


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--school", "schools", type=SCHOOL, multiple=True, help="Only this school's number; can be repeated. All of them by default.")
@click.option("--term", help="Only this term, as in 2026-T4; all terms by default.")
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--names", is_flag=True, help="Write students' names, too. Without it the tables have keys alone.")
@data_option
@json_option
def tables(folder: Path, schools: tuple[SchoolNumber, ...], term: str | None, form: Format, names: bool, data: Path, as_json: bool) -> None:
    """Writes flat tables of all services into FOLDER.

    They are students' terms, crossings, responses, letters and uploads. Each file is as of one moment. Files that are there already
    are left alone, and end the command. The audit log of each school has a line for each table.
    """
    keep_logs_out()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        written = uvloop.run(_write(settings_of(data), folder, schools, term, form, names=names))
    except (NoParquetError, ProblemError) as error:
        raise click.ClickException(error.detail if isinstance(error, ProblemError) else str(error)) from error
    except FileExistsError as error:
        raise click.ClickException(f"{error.filename} is there already: name an empty folder") from error
    if as_json:
        print_json({"tables": [{"table": table.table, "file": str(table.file), "rows": table.rows} for table in written]})
    else:
        print_table("Written", ("table", "rows", "file"), [(table.table, table.rows, table.file) for table in written])


async def _write(
    settings: Settings, folder: Path, schools: tuple[SchoolNumber, ...], term: str | None, form: Format, *, names: bool
) -> list[Written]:
    async with tables_of(settings) as all_tables:
        wanted = Wanted(schools=schools or await all_tables.schools(), term=term, form=form, names=names, subject=OWN_SUBJECT)
        return await all_tables.write(wanted, folder, utc_now())
