"""Whether the dates of a file have the day first: told by the file as a whole, as most single dates can be read both ways."""

import re
from functools import lru_cache
from typing import Final, Literal

from services.ingest.tables.values import plainly

_NUMBERS: Final = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2[0-9]{4}(?![0-9])", re.ASCII)
_MONTHS: Final = 12


class DateOrder:
    """The evidence of the dates seen so far."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def see(self, text: str) -> None:
        """Takes the text of a date, or of a moment, into account."""
        if (order := order_of(text)) is not None:
            self._seen.add(order)

    @property
    def is_open(self) -> bool:
        """Whether rows were read day first that could yet turn out to have the month first."""
        return bool(self._seen) and "day-first" not in self._seen

    @property
    def is_month_first(self) -> bool:
        """Whether some dates can only have the month first, and none can only have the day first."""
        return "month-first" in self._seen and "day-first" not in self._seen


@lru_cache(maxsize=4096)
def order_of(text: str) -> Literal["day-first", "month-first", "either"] | None:
    """The order in which a date of numbers with the year last can be read; None for other forms, and for no date at all."""
    match = _NUMBERS.match(plainly(text))
    if match is None:
        return None
    first, second = int(match[1]), int(match[3])
    if first > _MONTHS >= second:
        return "day-first"
    if second > _MONTHS >= first:
        return "month-first"
    # 2/2/2026 is the same day either way.
    return "either" if first != second and max(first, second) <= _MONTHS else None
