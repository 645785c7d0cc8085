"""How names and counts are written in letters and headers. Pure."""

from collections.abc import Sequence


def days_in_words(half_days: int) -> str:
    """A count as people say it: `5.5 days`, `10 days`, `1 day`."""
    return "1 day" if half_days == 2 else f"{half_days / 2:g} days"


def average_in_words(days: float) -> str:
    """An average as people say it: `2.3 days`, `1 day`."""
    return "1 day" if days == 1 else f"{days:g} days"


def in_words(names: Sequence[str]) -> str:
    """`Mere`, `Mere and Wiremu`, `Mere, Wiremu and Hana`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
