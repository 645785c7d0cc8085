"""The common options of commands, and the settings that they stand for."""

from pathlib import Path
from typing import Final, TypeVar

import click

from deploy.embedded.postgres import running_database
from shared.identifiers import SchoolNumber, school_number
from shared.settings import Settings

T = TypeVar("T", bound=Settings)

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".star"),
    envvar="STAR_DATA",
    show_default=True,
    help="The data folder. Where STAR_DATABASE_URL is not set, the database is that of the `star run` on this folder.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


class _School(click.ParamType[SchoolNumber]):
    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> SchoolNumber:
        try:
            return school_number(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


SCHOOL: Final = _School()
"""A school's number, padded to four digits."""


def settings_of(data: Path) -> Settings:
    """The settings of the environment with this data folder, and with a database."""
    return with_database(Settings(data=data))


def with_database(settings: T) -> T:
    """The settings; where they name no database, with that of the process that runs on the data folder. Raises ClickException."""
    if settings.database_url:
        return settings
    url = running_database(settings.data / "postgres")
    if url is None:
        raise click.ClickException(
            f"there is no database: set STAR_DATABASE_URL, or start `star run --data {settings.data}` and try again while it runs"
        )
    return settings.model_copy(update={"database_url": url})
