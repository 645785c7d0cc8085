"""`star token`: bearer tokens of a small set-up, signed with the key in its data folder."""

from datetime import timedelta
from pathlib import Path
from typing import get_args

import click

from deploy.cli.options import data_option
from shared.auth.keys import revoke_token, signing_key
from shared.auth.principal import ROLES, Role, Scope
from shared.auth.tokens import issue_token
from shared.clock import utc_now


@click.group()
def token() -> None:
    """Issues and revokes bearer tokens."""


@token.command()
@data_option
@click.option("--subject", required=True, help="Who the token is for; it shows up in audit trails.")
@click.option("--scopes", required=True, help=f"Separated by blanks, of: {', '.join(get_args(Scope))}.")
@click.option("--schools", required=True, help="School numbers separated by blanks, or * for all.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 3650), help="How long the token holds.")
@click.option("--role", type=click.Choice(ROLES), default=None, help="For a member of staff: what they may do, as far as the scopes go.")
@click.option("--group", "groups", multiple=True, help="For a member of staff: a group (10A) or year level (year:10); can be repeated.")
def issue(data: Path, subject: str, scopes: str, schools: str, days: int, role: Role | None, groups: tuple[str, ...]) -> None:
    """Prints a new token, nothing else."""
    unknown = set(scopes.split()) - set(get_args(Scope))
    if unknown or not scopes.split():
        raise click.BadParameter(f"scopes are of: {', '.join(get_args(Scope))}", param_hint="--scopes")
    try:
        click.echo(
            issue_token(
                signing_key(data),
                subject=subject,
                scopes=scopes.split(),
                schools=schools.split(),
                now=utc_now(),
                valid_for=timedelta(days=days),
                role=role,
                groups=groups,
            )
        )
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--schools or --group") from error


@token.command()
@data_option
@click.argument("token_id")
def revoke(data: Path, token_id: str) -> None:
    """Makes the token with this id (its `jti` claim) invalid within seconds."""
    revoke_token(data, token_id)
