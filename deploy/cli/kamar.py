"""`star kamar`: the credentials that schools type into KAMAR, issued without a token by whoever has the database."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import click
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.kamar import passwords
from services.ingest.kamar.repository import credentials
from services.ingest.schools import repository as schools
from services.ingest.settings import SCHEMA
from shared.clock import utc_now
from shared.db.engine import create_engine
from shared.identifiers import SchoolNumber, school_number
from shared.settings import Settings

Answer = TypeVar("Answer")

_PORT_LINE, _SOCKET_LINE = 3, 4


class _School(click.ParamType[SchoolNumber]):
    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> SchoolNumber:
        try:
            return school_number(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


school_option = click.option("--school", required=True, type=_School(), help="The school's number.")
data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".star"),
    envvar="STAR_DATA",
    show_default=True,
    help="The data folder of a running `star run`; used where STAR_DATABASE_URL is not set.",
)


@click.group()
def kamar() -> None:
    """Issues, lists and revokes schools' credentials for KAMAR Directory Services."""


@kamar.command("issue")
@school_option
@data_option
def issue(school: SchoolNumber, data: Path) -> None:
    """Prints a new username and password; the password is shown this once."""
    username, password = passwords.new_username(school), passwords.new_password()

    async def add(connection: AsyncConnection) -> bool:
        if await schools.school(connection, school) is None:
            return False
        await credentials.add(connection, school, username, passwords.hashed(password), utc_now())
        return True

    if not _in_database(data, add):
        raise click.ClickException(f"school {school} is not known: send it first (PUT /v1/schools/{school})")
    click.echo(f"username {username}\npassword {password}")


@kamar.command("list")
@school_option
@data_option
def list_(school: SchoolNumber, data: Path) -> None:
    """Prints a school's usernames, with when they were issued and last used."""
    for credential in _in_database(data, lambda connection: credentials.of_school(connection, school)):
        used = credential.last_used_at.isoformat() if credential.last_used_at is not None else "never"
        click.echo(f"{credential.username} issued {credential.created_at.isoformat()} used {used}")


@kamar.command("revoke")
@school_option
@data_option
@click.argument("username")
def revoke(school: SchoolNumber, data: Path, username: str) -> None:
    """Revokes a username; it ends at once."""
    if not _in_database(data, lambda connection: credentials.remove(connection, school, username)):
        raise click.ClickException(f"school {school} has no credential of that name")


def _in_database(data: Path, work: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        engine = create_engine(_database_url(data), SCHEMA, pool_size=1)
        try:
            async with engine.begin() as connection:
                return await work(connection)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def _database_url(data: Path) -> str:
    url = Settings().database_url
    if url:
        return url
    # The embedded server listens on a socket whose place is in its own file, as long as it runs.
    running = data.resolve() / "postgres" / "postmaster.pid"
    try:
        lines = running.read_text().splitlines()
        return f"postgresql://postgres@/postgres?host={quote(lines[_SOCKET_LINE].strip(), safe='')}&port={lines[_PORT_LINE].strip()}"
    except (OSError, IndexError) as error:
        raise click.UsageError(
            f"there is no database: set STAR_DATABASE_URL, or start `star run --data {data}` first and try again while it runs"
        ) from error
