"""`star erase`: one student's personal data gone, everywhere."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import click
import uvloop

from deploy.cli.options import OWN_SUBJECT, SCHOOL, data_option, json_option, settings_of
from deploy.cli.output import keep_logs_out, print_json, print_table
from deploy.deadletters import SERVICES
from deploy.erasing import UnknownSchoolError, erasing
from services.ingest.erasures.beginning import NamesSomebodyError
from shared.clock import utc_now
from shared.erasures.erasure import Tally
from shared.events.data import StudentErased
from shared.identifiers import SchoolNumber, is_student_key
from shared.settings import ServiceName

SAID: Final = """\
The law keeps, under the school's key of the student and without a name: the register and the STAR records, for seven years, and the fact of
each letter and upload. The audit logs name the key, never a name.
On Kafka, compaction takes the old events off star.students.v1 within a day or so; on the embedded bus, within an hour. Backups from before
are erased again when they are restored.
Whatever left this system is out of its reach: letters in mailboxes, uploads at the Ministry, events that partners received.
A student whom the school's system sends again is a new one: take them off there first."""


@click.command()
@click.option("--school", type=SCHOOL, required=True, help="The school's number.")
@click.option("--student", required=True, help="The school's own key of the student.")
@click.option("--why", required=True, help="The reason, which stays on record; no names.")
@click.option("--wait", type=click.IntRange(0, 3600), default=60, show_default=True, help="Seconds to wait for all services.")
@data_option
@json_option
def erase(school: SchoolNumber, student: str, why: str, wait: int, data: Path, as_json: bool) -> None:
    """Erases one student's personal data, everywhere and for good.

    Names, contacts, letters, notes and reasons go from every service. Prints what was removed, and what the law keeps without a name. The
    workers do the work: one that is down does it when it runs again.
    """
    keep_logs_out()
    if not is_student_key(student):
        raise click.BadParameter("a student's key has 1 to 64 printable ASCII characters", param_hint="--student")
    if not why.strip():
        raise click.BadParameter("give a reason", param_hint="--why")
    try:
        erased, applied = uvloop.run(_erase(settings_of(data).database_url, school, student, why.strip(), timedelta(seconds=wait)))
    except NamesSomebodyError as error:
        raise click.BadParameter(str(error), param_hint="--why") from error
    except UnknownSchoolError as error:
        raise click.ClickException(f"there is no school {school}") from error
    if as_json:
        print_json(_document(erased, applied))
    else:
        print_table("Removed", ("service", "what", "number"), _rows(applied, "removed"))
        print_table("Kept without a name", ("service", "what", "number"), _rows(applied, "kept"))
        click.echo(SAID)
    if missing := [service for service in SERVICES if service not in applied]:
        raise click.ClickException(f"not applied yet by {', '.join(missing)}: start `star work` for each, which does it then")


async def _erase(
    database_url: str, school: SchoolNumber, student: str, why: str, patience: timedelta
) -> tuple[list[StudentErased], dict[ServiceName, Tally]]:
    async with erasing(database_url) as services:
        erased = await services.begin(school, student, why, OWN_SUBJECT, utc_now())
        return erased, await services.applied(erased, patience)


def _rows(applied: Mapping[ServiceName, Tally], which: str) -> list[list[object]]:
    return [[service, kind, number] for service, tally in applied.items() for kind, number in sorted(getattr(tally, which).items())]


def _document(erased: list[StudentErased], applied: Mapping[ServiceName, Tally]) -> dict[str, Any]:
    return {
        "school": erased[0].school,
        "student": erased[0].student,
        "student_id": str(erased[0].student_id),
        "other_keys": [other.student for other in erased[1:]],
        "erased_at": erased[0].erased_at.isoformat(),
        "services": [
            {
                "service": service,
                "applied": service in applied,
                "removed": dict(applied[service].removed) if service in applied else {},
                "kept": dict(applied[service].kept) if service in applied else {},
            }
            for service in SERVICES
        ],
    }
