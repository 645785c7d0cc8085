"""`star console link`: a sign-in to the screens for a small set-up, by its own key."""

from pathlib import Path
from typing import get_args

import click

from deploy.cli.options import data_option, json_option
from deploy.cli.output import print_json
from deploy.console_links import link_address
from services.console.identity.links import LinkRole
from shared.clock import utc_now


@click.group()
def console() -> None:
    """The screens."""


@console.command()
@data_option
@click.option("--role", required=True, type=click.Choice(get_args(LinkRole)), help="Whose screens.")
@click.option("--schools", default="*", show_default=True, help="School numbers separated by blanks, or * for all.")
@json_option
@click.option("--group", "groups", multiple=True, help="For a dean: a group (10A) or year level (year:10); can be repeated.")
def link(data: Path, role: LinkRole, schools: str, groups: tuple[str, ...], as_json: bool) -> None:
    """Prints a sign-in address for a browser, nothing else. It is good once, and for ten minutes."""
    try:
        address = link_address(data, role, schools.split(), groups, utc_now())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--schools or --group") from error
    if as_json:
        print_json({"address": address})
    else:
        click.echo(address)
