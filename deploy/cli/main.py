"""`star`: everything in one process, or its parts one by one."""

from typing import Any

import click

from deploy.cli.importing import import_
from deploy.cli.kamar import kamar
from deploy.cli.parts import migrate, serve, work
from deploy.cli.proving import replay, verify
from deploy.cli.run import run
from deploy.cli.sandbox import sandbox
from deploy.cli.tokens import token
from deploy.cli.upload import upload
from shared.attendance.codes import CodeTableError


class StarGroup(click.Group):
    """Ends with one line where what an operator wrote can't be used: it is theirs to mend, and no stack helps with it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except CodeTableError as error:
            raise click.ClickException(f"the attendance codes can't be used: {error}") from error


@click.group(cls=StarGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Stepped Attendance Response for New Zealand schools."""


for command in (run, token, import_, migrate, serve, work, sandbox, verify, replay, kamar, upload):
    main.add_command(command)
