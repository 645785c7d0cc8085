"""Tokens as an engine with a key of its own issues them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shared.auth.keys import signing_key
from shared.auth.tokens import issue_token


def local_token(
    data: Path,
    scopes: Sequence[str],
    schools: Sequence[str] = ("0999",),
    *,
    subject: str = "tests",
    valid_for: timedelta = timedelta(hours=1),
    now: datetime | None = None,
    **staff: Any,
) -> str:
    """A token signed with the data folder's key, issued at `now` (by default: now); `staff` is a `role` and `groups`."""
    issued = now or datetime.now(UTC)
    return issue_token(signing_key(data), subject=subject, scopes=scopes, schools=schools, now=issued, valid_for=valid_for, **staff)


def bearer(token: str) -> dict[str, str]:
    """The header that shows it."""
    return {"Authorization": f"Bearer {token}"}
