"""`star doctor`: whether everything that the set-up needs is there and well."""

from dataclasses import asdict
from pathlib import Path

import click
import uvloop

from deploy.cli.options import data_option, json_option, settings_of
from deploy.cli.output import keep_logs_out, print_json
from deploy.doctor.bus import settle
from deploy.doctor.diagnosis import diagnose
from deploy.topics import READERS


@click.command()
@data_option
@json_option
@click.option("--settle-gaps", is_flag=True, help="First note that the gaps found in the logs have been dealt with.")
@click.pass_context
def doctor(context: click.Context, data: Path, as_json: bool, settle_gaps: bool) -> None:
    """Looks at each part of the set-up, and says what to do.

    The parts are configuration, disk, database with its settings and rights, migrations, logins, broker, topics, offsets, clocks, mail,
    Ministry, sign-in and certificates. Prints a line for each, and what to do where it is not ok. Changes nothing, and sends nothing.
    Ends with 1 if one of them fails.
    """
    keep_logs_out()
    if settle_gaps:
        uvloop.run(settle(settings_of(data).database_url, READERS))
    findings = uvloop.run(diagnose(data))
    failed = any(finding.state == "fail" for finding in findings)
    if as_json:
        print_json({"ok": not failed, "checks": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"{finding.state:5} {finding.name:17} {finding.detail}" + (f" -> {finding.fix}" if finding.fix else ""))
    context.exit(1 if failed else 0)
