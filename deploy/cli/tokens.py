"""`star token`: bearer tokens of a small set-up, signed with the key in its data folder."""

from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import click

from deploy.cli.options import data_option, json_option
from deploy.cli.output import keep_logs_out, local_time, print_json, print_table
from shared.auth.issued import ListedToken, listed_tokens, note_issued
from shared.auth.keys import end_retired_keys, revoke_token, rotate_signing_key, signing_key
from shared.auth.principal import ROLES, Role, Scope
from shared.auth.tokens import claims_in, issue_token
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
@json_option
def issue(
    data: Path, subject: str, scopes: str, schools: str, days: int, role: Role | None, groups: tuple[str, ...], as_json: bool
) -> None:
    """Prints a new token, nothing else."""
    unknown = set(scopes.split()) - set(get_args(Scope))
    if unknown or not scopes.split():
        raise click.BadParameter(f"scopes are of: {', '.join(get_args(Scope))}", param_hint="--scopes")
    try:
        made = issue_token(
            signing_key(data),
            subject=subject,
            scopes=scopes.split(),
            schools=schools.split(),
            now=utc_now(),
            valid_for=timedelta(days=days),
            role=role,
            groups=groups,
        )
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--schools or --group") from error
    claims = claims_in(made)
    note_issued(data, claims)
    if as_json:
        print_json({"token": made, "id": claims["jti"]})
    else:
        click.echo(made)


@token.command()
@data_option
@click.argument("token_id")
def revoke(data: Path, token_id: str) -> None:
    """Makes the token with this id (its `jti` claim) invalid within seconds."""
    revoke_token(data, token_id)


@click.group()
def tokens() -> None:
    """Lists and revokes tokens, and rotates their key."""


@tokens.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are revoked, or have ended within 90 days.")
@data_option
@json_option
def list_(everything: bool, data: Path, as_json: bool) -> None:
    """Lists the tokens, newest first, and when each was last used.

    A token that was issued by an older release is on the list from its next use on. Tokens of an OIDC issuer are the issuer's to list.
    """
    keep_logs_out()
    items = [_item(listed) for listed in listed_tokens(data, utc_now()) if everything or listed.state == "valid"]
    if as_json:
        print_json({"items": items})
        return
    columns = ("id", "subject", "scopes", "schools", "ends", "used", "state")
    rows = [
        (
            item["id"],
            item["subject"],
            item["scopes"],
            item["schools"] if isinstance(item["schools"], str) else " ".join(item["schools"]),
            local_time(item["ends_at"]),
            local_time(item["used_at"]) or "never",
            item["state"],
        )
        for item in items
    ]
    print_table("Tokens", columns, rows)


@tokens.command("revoke")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--subject", help="All valid tokens of this subject.")
@data_option
@json_option
def revoke_many(ids: tuple[str, ...], subject: str | None, data: Path, as_json: bool) -> None:
    """Makes tokens invalid within seconds, by id or by subject."""
    if bool(ids) == bool(subject):
        raise click.UsageError("name the ids, or --subject")
    listed = listed_tokens(data, utc_now())
    valid = [one.token for one in listed if one.state == "valid"]
    for token_id in sorted(set(ids) - {one.token.id for one in listed}):
        # Tokens of older releases are on no list before their next use.
        click.echo(f"warning: no token on the list has the id {token_id}; should there be one, it is refused from now on", err=True)
    chosen = list(ids) or [token.id for token in valid if token.subject == subject]
    for token_id in chosen:
        revoke_token(data, token_id)
    if as_json:
        print_json({"revoked": chosen})
    else:
        click.echo(f"revoked {len(chosen)}")


@tokens.command()
@click.option("--end-old", is_flag=True, help="End the tokens of all keys but the present one instead.")
@data_option
@json_option
def rotate(end_old: bool, data: Path, as_json: bool) -> None:
    """Makes a new key, which signs from now on.

    Tokens of the key before hold until `star tokens rotate --end-old`, so that everybody can be given a new one first.
    """
    if end_old:
        ended = end_retired_keys(data)
        words = f"{ended} retired keys ended"
    else:
        ended = 0
        rotate_signing_key(data, f"{utc_now():%Y%m%dT%H%M%SZ}")
        words = "a new key signs; tokens of the one before hold until `star tokens rotate --end-old`"
    if as_json:
        print_json({"rotated": not end_old, "ended": ended})
    else:
        click.echo(words)


def _item(listed: ListedToken) -> dict[str, Any]:
    token = listed.token
    return {
        "id": token.id,
        "subject": token.subject,
        "scopes": token.scopes,
        "schools": token.schools,
        "role": token.role,
        "groups": token.groups,
        "issued_at": token.issued_at.isoformat(),
        "ends_at": token.ends_at.isoformat(),
        "used_at": listed.used_at.isoformat() if listed.used_at else None,
        "state": listed.state,
    }
