"""The common options of commands, and the settings that they stand for."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from deploy.embedded.address import last_address
from deploy.embedded.postgres import running_database
from shared.auth.keys import KEY_FILE, signing_key
from shared.auth.principal import Scope
from shared.auth.tokens import issue_token
from shared.clock import utc_now
from shared.identifiers import SchoolNumber, school_number
from shared.settings import Settings
from shared.settings_file import settings_in_file

T = TypeVar("T", bound=Settings)

OWN_SUBJECT: Final = "star command"
"""The name in audit trails of whoever has the signing key."""
OWN_VALID_FOR: Final = timedelta(days=1)
"""Longer than any command takes."""


def configured(name: str, default: Any) -> Callable[[], Any]:
    """An option's default: the configuration file's value, else this. The environment goes before both, by the option's `envvar`."""
    return lambda: settings_in_file().get(name, default)


data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=configured("data", ".star"),
    envvar="STAR_DATA",
    show_default=".star",
    is_eager=True,
    help="The data folder, with the signing key. Without STAR_DATABASE_URL, the database is that of the `star run` on it.",
)
token_option = click.option(
    "--token", envvar="STAR_TOKEN", help="A bearer token. Without one, the command signs its own with the key in the data folder."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def url_option(service: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Where a service is: by default in the last `star run` on the data folder."""

    def of_last_run(context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
        return value or f"{last_address(context.params['data'])}/{service}"

    return click.option(
        "--url",
        callback=of_last_run,
        show_default="that of the last `star run` on the data folder",
        help=f"The address of {service}.",
    )


class _School(click.ParamType[SchoolNumber]):
    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> SchoolNumber:
        try:
            return school_number(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


SCHOOL: Final = _School()
"""A school's number, padded to four digits."""


def token_or_own(token: str | None, data: Path, scopes: Sequence[Scope], schools: Sequence[str]) -> str:
    """The token, or one for a day that is signed with the data folder's key. Raises UsageError where there is neither."""
    if token:
        return token
    if not (data / KEY_FILE).exists():
        raise click.UsageError(f"there is no token: give --token or STAR_TOKEN, or --data with the folder of a signing key ({KEY_FILE})")
    now = utc_now()
    return issue_token(signing_key(data), subject=OWN_SUBJECT, scopes=scopes, schools=schools, now=now, valid_for=OWN_VALID_FOR)


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
