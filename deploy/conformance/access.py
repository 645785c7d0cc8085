"""The token of a proving ground: for its one school, and for all that the maker's system does there."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from deploy.conformance.ground import NUMBER
from shared.auth.keys import signing_key
from shared.auth.principal import Scope
from shared.auth.tokens import issue_token
from shared.clock import utc_now

SUBJECT: Final = "proving ground"
SCOPES: Final[tuple[Scope, ...]] = ("star:read", "roster:write", "marks:write")


def ground_token(data: Path, valid_for: timedelta) -> str:
    """A token that is signed with the data folder's key."""
    return issue_token(signing_key(data), subject=SUBJECT, scopes=SCOPES, schools=[NUMBER], now=utc_now(), valid_for=valid_for)
