"""`star conform`: leads the maker of a student management system through a term of cases, and says which the engine agrees with."""

import asyncio
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click
import httpx

from deploy.cli.options import data_option, json_option, token_option, token_or_own
from deploy.cli.output import print_json
from deploy.conformance.access import SCOPES, ground_token
from deploy.conformance.batch import rows
from deploy.conformance.cases import Door
from deploy.conformance.evidence import Evidence, EvidenceError
from deploy.conformance.ground import NUMBER, Ground
from deploy.conformance.report import CaseResult, lines, results
from deploy.conformance.witness import LONGEST_OUTAGE
from deploy.embedded.address import last_address
from deploy.patience import problem_detail
from shared.auth.keys import KEY_FILE
from shared.clock import HOME_ZONE, utc_now

TIMEOUT: Final = 30.0

url_option = click.option("--url", help="The address of a `star run`; the last one on the data folder by default.")
door_option = click.option(
    "--door", type=click.Choice(["rest", "kamar"]), default="rest", show_default=True, help="Through which door the system sends."
)


@click.group(invoke_without_command=True)
@data_option
@token_option
@url_option
@click.option("--ingest", help="The address of ingest, where it is a service of its own.")
@click.option("--thresholds", help="The same for thresholds.")
@click.option("--notifier", help="The same for notifier.")
@door_option
@json_option
@click.pass_context
def conform(
    context: click.Context,
    data: Path,
    token: str | None,
    url: str | None,
    ingest: str | None,
    thresholds: str | None,
    notifier: str | None,
    door: Door,
    as_json: bool,
) -> None:
    """Proves a student management system by cases.

    Begin with `star conform begin`. Without a command it reports which cases are met, and what comes next;
    it ends with 1 while a case differs or is waited for.
    """
    if context.invoked_subcommand is not None:
        return
    ground = _ground(data)
    base = (url or last_address(data)).rstrip("/")
    apis = {
        "ingest": ingest or f"{base}/ingest",
        "thresholds": thresholds or f"{base}/thresholds",
        "notifier": notifier or f"{base}/notifier",
        "sandbox": f"{base}/sandbox",
    }
    bearer = token_or_own(token, data, SCOPES, [NUMBER])
    try:
        found = asyncio.run(_results(ground, apis, bearer, door))
    except EvidenceError as error:
        asked = "is `star run` up, and --url its address?"
        # Other pages have the reader put a token of another school there.
        if token and error.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            asked = "leave out --token and STAR_TOKEN, and the command signs a token of its own"
        raise click.ClickException(f"{error}: {asked}") from error
    if as_json:
        print_json({"school": NUMBER, "door": door, "cases": [result.as_json() for result in found]})
    else:
        for line in lines(found, steps=True):
            click.echo(line)
    context.exit(0 if all(result.state == "met" for result in found) else 1)


@conform.command()
@data_option
@json_option
@click.option("--days", type=click.IntRange(1, 400), default=30, show_default=True, help="How long the system's token is good for.")
def begin(data: Path, as_json: bool, days: int) -> None:
    """Begins a proving ground: its six weeks end before this one. Prints what the system needs.

    To begin again, erase nothing: choose another --data, with a `star run` of its own.
    """
    ground = _begun(data) or Ground.beginning(utc_now().astimezone(ZoneInfo(HOME_ZONE)).date())
    ground.keep(data)
    if not (data / KEY_FILE).exists():
        raise click.UsageError(f"{data} has no signing key yet: start `star run --data {data}`, and begin while it runs")
    token = ground_token(data, timedelta(days=days))
    address = f"{last_address(data).rstrip('/')}/ingest"
    if as_json:
        print_json({"address": address, "school": NUMBER, "term": ground.term, "start": ground.start, "end": ground.end, "token": token})
        return
    click.echo(f"address  {address}")
    click.echo(f"school   {NUMBER}")
    click.echo(f"term     {ground.term}, {ground.start} to {ground.end}")
    click.echo(f"token    {token}")
    click.echo(f"for KAMAR's door: star kamar issue --data {data} --school {NUMBER} prints a username and a password")
    click.echo(f"then: star conform --data {data}")


@conform.command()
@data_option
@json_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def batch(data: Path, as_json: bool, file: Path) -> None:
    """Writes the 5,000 marks of the case `batch` to FILE, as CSV."""
    lines_of_file = list(rows(_ground(data)))
    file.write_text("".join(f"{line}\n" for line in lines_of_file))
    marks = len(lines_of_file) - 1
    if as_json:
        print_json({"file": file, "marks": marks})
    else:
        click.echo(f"{marks} marks are in {file}")


@conform.command()
@data_option
@json_option
@url_option
@click.option("--for", "seconds", type=click.IntRange(1, LONGEST_OUTAGE), default=60, show_default=True, help="Seconds.")
def outage(data: Path, as_json: bool, url: str | None, seconds: int) -> None:
    """Has the door answer 503 to the proving ground's school for a while. Other schools notice nothing."""
    base = (url or last_address(data)).rstrip("/")
    try:
        answer = httpx.post(f"{base}/sandbox/conform/outage", json={"seconds": seconds}, timeout=TIMEOUT, trust_env=False)
    except httpx.HTTPError as error:
        raise click.ClickException(f"{base} does not answer ({type(error).__name__}): is `star run` up?") from error
    if not answer.is_success:
        raise click.ClickException(f"{answer.status_code}, {problem_detail(answer)}: only a `star run` can close its door")
    if as_json:
        print_json({"seconds": seconds})
    else:
        click.echo(f"the door is closed for {seconds} seconds")


async def _results(ground: Ground, apis: dict[str, str], bearer: str, door: Door) -> list[CaseResult]:
    headers = {"Authorization": f"Bearer {bearer}"}
    async with httpx.AsyncClient(headers=headers, timeout=TIMEOUT, trust_env=False) as http:
        return await results(Evidence(http, ground, apis), door)


def _begun(data: Path) -> Ground | None:
    try:
        return Ground.read(data)
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _ground(data: Path) -> Ground:
    ground = _begun(data)
    if ground is None:
        raise click.ClickException(f"no proving ground was begun in {data}: star conform begin --data {data}")
    return ground
