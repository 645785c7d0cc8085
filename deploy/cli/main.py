"""`star`: everything in one process, or its parts one by one."""

import click

from deploy.cli.importing import import_
from deploy.cli.parts import migrate, serve, work
from deploy.cli.proving import replay, verify
from deploy.cli.run import run
from deploy.cli.sandbox import sandbox
from deploy.cli.tokens import token


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Stepped Attendance Response for New Zealand schools."""


for command in (run, token, import_, migrate, serve, work, sandbox, verify, replay):
    main.add_command(command)
