"""The days of a row on which a `?` stands: an absence that nobody has explained yet. Pure."""

from datetime import date
from typing import Final

from services.thresholds.register import packed_row
from shared.attendance.calendar import Term

UNEXPLAINED: Final = "?"

_FLAGS: Final = bytes(packed_row.code_of(byte << 8) == UNEXPLAINED for byte in range(256))
"""By the upper byte of a value, whether it is a `?`."""


def unexplained(row: bytes, term: Term, before: date) -> list[date]:
    """The days of the term before a day that have a `?` in them, in order."""
    days: list[date] = []
    flags = row[packed_row.VALUE_AT :: packed_row.ENTRY].translate(_FLAGS)
    index = flags.find(1)
    while index >= 0:
        day = packed_row.date_of(packed_row.day_of(row[index * packed_row.ENTRY : index * packed_row.ENTRY + packed_row.PLACE]))
        if day in term and day < before and (not days or days[-1] != day):
            days.append(day)
        index = flags.find(1, index + 1)
    return days[::-1]
