"""The time that another server's Retry-After header asks for. Pure."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

MOST_DIGITS: Final = 8


def retry_after(header: str | None, now: datetime, *, shortest: timedelta, longest: timedelta) -> timedelta | None:
    """The pause, given in seconds or as a date, within our bounds; None for none, or one that can't be read."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        # More digits than any sensible number of seconds would overflow on the way to the bound.
        pause = timedelta(seconds=int(text)) if len(text) < MOST_DIGITS else longest
    else:
        try:
            pause = parsedate_to_datetime(text) - now
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(pause, shortest), longest)
