"""KAMAR's values, read leniently: ids as numbers or text, dates in eight digits, blanks for nothing. A value that can't be read is None."""

import re
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.ingest.tables import values as cells
from shared.identifiers import is_student_key

Value = object
"""A part of a document as a reader gives it: a dict with lower-case keys, a list, a text, a number, a truth value, or None."""

_BLANKS: Final = re.compile(r"[\x00-\x20\x7f\u2028\u2029]+")
_DAY: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T?[0-9]{4}(?:[0-9]{2})?|T000000Z|\.0+)?")
_MOMENT: Final = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})[T ]?([0-9]{2}):?([0-9]{2}):?([0-9]{2})?")
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}")
_LONGEST_ID: Final = 64


def text(value: Value, longest: int = 200) -> str | None:
    """A line of text: control characters and runs of blanks are one blank each; None for nothing, and for what is no text."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    line = _BLANKS.sub(" ", str(value)).strip()
    # A half of a surrogate pair can be neither stored nor sent.
    line = line.encode("utf-8", "replace").decode()
    return line[:longest].rstrip() or None


def key(value: Value) -> str | None:
    """A student's id as the school's key of the student."""
    line = text(value, _LONGEST_ID + 1)
    return line if line is not None and is_student_key(line) else None


def integer(value: Value) -> int | None:
    """A whole number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, int):
        return value
    line = text(value)
    return int(line) if line is not None and _WHOLE.fullmatch(line) else None


def day(value: Value) -> date | None:
    """A date, as in `20260305` or `2026-03-05`, or as people write one; a time of the school's clock behind it is left out."""
    line = _line(value)
    if line is None:
        return None
    match = _DAY.fullmatch(line)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match is not None else date.fromisoformat(cells.day(line))
    except ValueError:
        return None


def is_blank_day(value: Value) -> bool:
    """Whether a value says that there is no date: nothing, 0, 00000000, dashes, a database's first day."""
    line, written = _line(value), day(value)
    if value is None or value == 0 or (isinstance(value, str) and line is None):
        return True
    return (line is not None and cells.is_no_day(line)) or (written is not None and cells.stands_for_nothing(written))


def _line(value: Value) -> str | None:
    return text(int(value) if isinstance(value, float) and value.is_integer() else value)


def moment(value: Value, timezone: str) -> datetime | None:
    """A moment on the clock of the school, as in `20260305153000`, in UTC."""
    line = text(value)
    match = _MOMENT.fullmatch(line) if line is not None else None
    if match is None:
        return None
    try:
        local = datetime(*(int(part or 0) for part in match.groups()), tzinfo=ZoneInfo(timezone))  # type: ignore[misc,arg-type]
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def rows(value: Value) -> list[Value]:
    """The members of a list, however it is wrapped: plain, below `data`, or as XML's one name for each member.

    A single member is a list of one; nothing is an empty one.
    """
    if value is None or value == "":
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        if "data" in value:
            return rows(value["data"])
        if len(value) == 1:
            (only,) = value.values()
            if isinstance(only, (dict, list)):
                return rows(only)
    return [value]
