"""`star kamar`: the credentials that schools type into KAMAR, issued without a token by whoever has the database."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.cli.options import SCHOOL, data_option, json_option, settings_of
from deploy.cli.output import print_json
from services.ingest.kamar import passwords
from services.ingest.kamar.repository import credentials
from services.ingest.schools import repository as schools
from services.ingest.settings import SCHEMA
from shared.clock import utc_now
from shared.db.engine import create_engine
from shared.identifiers import SchoolNumber

Answer = TypeVar("Answer")

school_option = click.option("--school", required=True, type=SCHOOL, help="The school's number.")


@click.group()
def kamar() -> None:
    """Issues, lists and revokes schools' credentials for KAMAR."""


@kamar.command("issue")
@school_option
@data_option
@json_option
def issue(school: SchoolNumber, data: Path, as_json: bool) -> None:
    """Prints a new username and password, this once."""
    username, password = passwords.new_username(school), passwords.new_password()

    async def add(connection: AsyncConnection) -> bool:
        if await schools.school(connection, school) is None:
            return False
        await credentials.add(connection, school, username, passwords.hashed(password), utc_now())
        return True

    if not _in_database(data, add):
        raise click.ClickException(f"school {school} is not known: send it first (PUT /v1/schools/{school})")
    if as_json:
        print_json({"username": username, "password": password})
    else:
        click.echo(f"username {username}\npassword {password}")


@kamar.command("list")
@school_option
@data_option
@json_option
def list_(school: SchoolNumber, data: Path, as_json: bool) -> None:
    """Lists a school's usernames, and when each was issued and last used."""
    listed = _in_database(data, lambda connection: credentials.of_school(connection, school))
    if as_json:
        items = [{"username": one.username, "issued_at": one.created_at, "used_at": one.last_used_at} for one in listed]
        print_json({"items": items})
        return
    for credential in listed:
        used = credential.last_used_at.isoformat() if credential.last_used_at is not None else "never"
        click.echo(f"{credential.username} issued {credential.created_at.isoformat()} used {used}")


@kamar.command("revoke")
@school_option
@data_option
@json_option
@click.argument("username")
def revoke(school: SchoolNumber, data: Path, username: str, as_json: bool) -> None:
    """Revokes a username; it ends at once."""
    if not _in_database(data, lambda connection: credentials.remove(connection, school, username)):
        raise click.ClickException(f"school {school} has no credential of that name")
    if as_json:
        print_json({"revoked": username})


def _in_database(data: Path, work: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        engine = create_engine(settings_of(data).database_url, SCHEMA, pool_size=1)
        try:
            async with engine.begin() as connection:
                return await work(connection)
        finally:
            await engine.dispose()

    return asyncio.run(run())
