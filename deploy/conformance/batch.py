"""The marks of the case of five thousand, as a file that systems import. Pure."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from deploy.conformance.cases import BATCH, BATCH_SESSIONS, is_absent
from deploy.conformance.ground import Ground

HEADER: Final = "Student ID,Date,Session,Code"
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri")


def place_of(ground: Ground, session: int) -> tuple[date, str]:
    """The day and the half of a session of week 1, counted from 0."""
    return ground.day(1, _WEEKDAYS[session // 2]), ("AM", "PM")[session % 2]


def rows(ground: Ground) -> Iterator[str]:
    """The lines of the file, the header first."""
    yield HEADER
    for number, student in enumerate(BATCH):
        for session in range(BATCH_SESSIONS):
            day, half = place_of(ground, session)
            yield f"{student},{day},{half},{'M' if is_absent(number, session) else 'P'}"
