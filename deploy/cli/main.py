"""`star`: everything in one process, or its parts one by one."""

import os
from importlib import import_module
from typing import Any, Final

import click

from deploy.cli.environment import misspelt, misspelt_in_file
from shared.files import OWNER_ONLY
from shared.version import VERSION

COMMANDS: Final = {
    "run": "run:run",
    "token": "tokens:token",
    "tokens": "tokens:tokens",
    "console": "console:console",
    "import": "importing:import_",
    "upload": "upload:upload",
    "kamar": "kamar:kamar",
    "migrate": "parts:migrate",
    "serve": "parts:serve",
    "work": "parts:work",
    "sandbox": "sandbox:sandbox",
    "conform": "conform:conform",
    "kafka-acls": "kafka_acls:kafka_acls",
    "doctor": "doctor:doctor",
    "health": "health:health",
    "lag": "lag:lag",
    "clock": "clock:clock",
    "dlq": "dlq:dlq",
    "erase": "erase:erase",
    "tables": "tables:tables",
    "backup": "backup:backup",
    "restore": "backup:restore_",
    "verify": "proving:verify",
    "replay": "proving:replay",
    "completion": "completion:completion",
}
"""Where each command is: `module:name`. A command's module is imported when it is called; all of them together take seconds."""


UNWARNED: Final = frozenset({"health"})
"""Commands that supervisors repeat every half minute: to know all settings takes most of a second."""


class StarGroup(click.Group):
    """Finds commands by name, and ends with one line where the set-up is at fault: an operator mends that, and no stack helps with it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order in which they are met."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"deploy.cli.{module}"), name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, after a warning of settings that nobody reads."""
        name, command, rest = super().resolve_command(ctx, args)
        if name not in UNWARNED and not ctx.resilient_parsing:
            for line in (*misspelt(os.environ), *misspelt_in_file()):
                click.echo(f"warning: {line}", err=True)
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if isinstance(error, (click.ClickException, click.exceptions.Exit, click.Abort)):
                raise
            # Imported only now: it knows the errors of libraries that most commands do without.
            from deploy.cli.faults import explained  # noqa: PLC0415

            explanation = explained(error)
            if explanation is None:
                raise
            raise click.ClickException(explanation) from error


@click.group(cls=StarGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="star", message="%(prog)s %(version)s")
def main() -> None:
    """Stepped Attendance Response for New Zealand schools."""
    # Whatever a command writes (the data folder, its log, a file that it fetched) is for the user who runs it.
    os.umask(OWNER_ONLY)
