"""`star kafka-acls`: the rights of the services on a broker that asks for names, as commands to run."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from deploy.cli.options import data_option, json_option, settings_of
from deploy.cli.output import print_json
from deploy.kafka.rights import OPERATOR, RIGHTS, commands

NAMES = (*RIGHTS, OPERATOR)


@click.command("kafka-acls")
@data_option
@json_option
@click.option("--bootstrap", help="A listener on which ACLs may be made; by default that of the settings.")
@click.option(
    "--principal",
    "given",
    multiple=True,
    metavar="NAME=PRINCIPAL",
    help=f"Kafka's name of one of {', '.join(NAMES)}; by default User:star-NAME. With certificates, it is User: and their subject.",
)
def kafka_acls(data: Path, bootstrap: str | None, given: Sequence[str], as_json: bool) -> None:
    """Prints the `kafka-acls` commands for the services.

    They give each service the topics and groups that it uses, and the operator what `star migrate`, `star doctor` and `star lag` need.
    Changes nothing.
    """
    principals = {name: f"User:star-{name}" for name in NAMES}
    for text in given:
        name, _, principal = text.partition("=")
        if name not in principals or not principal:
            raise click.BadParameter(f"write NAME=PRINCIPAL, with a NAME of {', '.join(NAMES)}", param_hint="--principal")
        principals[name] = principal
    made = list(commands(bootstrap or settings_of(data).kafka_bootstrap, principals))
    if as_json:
        print_json({"commands": made})
        return
    for command in made:
        click.echo(shlex.join(command))
