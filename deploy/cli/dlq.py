"""`star dlq`: what services could not apply, and what to do with it."""

import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import uvloop

from deploy.cli.options import SCHOOL, data_option, json_option, settings_of
from deploy.cli.output import keep_logs_out, local_time, print_json, print_table
from deploy.deadletters import SERVICES, AllBoxes, Letter, boxes
from shared.clock import utc_now
from shared.identifiers import SchoolNumber
from shared.settings import ServiceName

Answer = TypeVar("Answer")
Command = TypeVar("Command", bound=Callable[..., Any])

COLUMNS: Final = ("id", "service", "topic", "reason", "school", "at")

ids_argument = click.argument("ids", nargs=-1, type=click.UUID)


def _filters(command: Command) -> Command:
    """The options that choose letters."""
    reason = click.option("--reason", help="Only those that failed for this reason, as in unknown-student.")
    school = click.option("--school", type=SCHOOL, help="Only those of this school.")
    service = click.option("--service", type=click.Choice(SERVICES), help="Only those that this service keeps.")
    return service(school(reason(command)))


@click.group()
def dlq() -> None:
    """Lists, shows, redrives and discards dead letters.

    A dead letter is a record, or a part of one, that a service could not apply.
    """


@dlq.command("list")
@_filters
@data_option
@json_option
def list_(service: ServiceName | None, school: SchoolNumber | None, reason: str | None, data: Path, as_json: bool) -> None:
    """Lists the dead letters that wait for a decision, oldest first."""
    letters = _with_boxes(data, service, lambda all_boxes: all_boxes.kept(school, reason))
    items = [_item(letter) for letter in letters]
    if as_json:
        print_json({"items": items})
    else:
        print_table("Dead letters", COLUMNS, [[*list(item.values())[:-1], local_time(item["at"])] for item in items])


@dlq.command()
@click.argument("letter_id", metavar="ID", type=click.UUID)
@data_option
@json_option
def show(letter_id: uuid.UUID, data: Path, as_json: bool) -> None:
    """Shows where a record lies, why it failed and what became of it.

    The record itself stays in the database, as it can hold names.
    """
    letters = _with_boxes(data, None, lambda all_boxes: all_boxes.find(letter_id))
    if not letters:
        raise click.ClickException(f"there is no dead letter {letter_id}: see `star dlq list`")
    if as_json:
        print_json({"items": [dict(letter) for letter in letters]})
        return
    for letter in letters:
        print_table("Dead letter", ("", ""), [(name, value) for name, value in letter.items() if value is not None])


@dlq.command()
@ids_argument
@click.option("--all", "everything", is_flag=True, help="All that `star dlq list` lists with the same options.")
@_filters
@data_option
@json_option
def redrive(
    ids: tuple[uuid.UUID, ...],
    everything: bool,
    service: ServiceName | None,
    school: SchoolNumber | None,
    reason: str | None,
    data: Path,
    as_json: bool,
) -> None:
    """Publishes records to their topics again.

    Mend the fault first. Readers that had applied a record pass over the repeat.
    """
    if bool(ids) == everything:
        raise click.UsageError("name the ids, or --all")
    if ids and (school or reason):
        raise click.UsageError("--school and --reason go with --all")

    async def act(all_boxes: AllBoxes) -> tuple[int, list[uuid.UUID]]:
        chosen = list(dict.fromkeys(letter["id"] for letter in await all_boxes.kept(school, reason))) if everything else list(ids)
        return len(chosen), await all_boxes.redrive(chosen, utc_now())

    _report("redriven", as_json, *_with_boxes(data, service, act))


@dlq.command()
@ids_argument
@click.option("--why", required=True, help="The reason, for whoever looks at it later; no names.")
@click.option("--service", type=click.Choice(SERVICES), help="Only where this service keeps them.")
@data_option
@json_option
def discard(ids: tuple[uuid.UUID, ...], why: str, service: ServiceName | None, data: Path, as_json: bool) -> None:
    """Sets records aside for good.

    They stay on file for a while, with the reason.
    """
    if not ids:
        raise click.UsageError("name the ids")
    if not why.strip():
        raise click.BadParameter("give a reason", param_hint="--why")

    async def act(all_boxes: AllBoxes) -> tuple[int, list[uuid.UUID]]:
        return len(ids), await all_boxes.discard(ids, why.strip(), utc_now())

    _report("discarded", as_json, *_with_boxes(data, service, act))


def _item(letter: Letter) -> dict[str, str | None]:
    return {
        "id": str(letter["id"]),
        "service": letter["service"],
        "topic": letter["topic"],
        "reason": letter["reason"],
        "school": letter["school"],
        "at": letter["created_at"].isoformat(),
    }


def _report(done: str, as_json: bool, chosen: int, missing: list[uuid.UUID]) -> None:
    if as_json:
        print_json({done: chosen - len(missing), "missing": missing})
    else:
        click.echo(f"{done} {chosen - len(missing)}")
    if missing:
        raise click.ClickException(f"not kept, or settled before: {', '.join(map(str, missing))}")


def _with_boxes(data: Path, service: ServiceName | None, work: Callable[[AllBoxes], Awaitable[Answer]]) -> Answer:
    keep_logs_out()
    settings = settings_of(data)

    async def run() -> Answer:
        async with boxes(settings.database_url, SERVICES if service is None else [service]) as all_boxes:
            return await work(all_boxes)

    return uvloop.run(run())
