"""Identifiers that a spreadsheet took for numbers, as they were before: `12345.0`, `1.2345E+04`, `12,345`, leading zeros. Pure."""

import re
from collections import defaultdict
from collections.abc import Collection
from typing import Final

ROUNDED: Final = "a spreadsheet has rounded this number: export the column as text"
FAULT: Final = "a spreadsheet has put its own fault in place of the number: mend the formula, or widen the column"

_FAULT: Final = re.compile(r"#(?:N/A|NAME\?|NULL!|NUM!|REF!|VALUE!|DIV/0!|SPILL!|CALC!|GETTING_DATA)|#{2,}", re.IGNORECASE)
_DECIMAL: Final = re.compile(r"([0-9][0-9, \u00a0\u202f]*)\.0+", re.ASCII)
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:[, \u00a0\u202f][0-9]{3})+", re.ASCII)
_SCIENTIFIC: Final = re.compile(r"([0-9])(?:[.,]([0-9]+))?E\+([0-9]{1,2})", re.ASCII | re.IGNORECASE)
_SEPARATORS: Final = re.compile(r"[, \u00a0\u202f]")


def unspoilt(text: str) -> str:
    """The text of an identifier. Raises ValueError where digits, or all of it, are lost, with words that don't quote it."""
    text = text.removeprefix("'")
    if _FAULT.fullmatch(text):
        raise ValueError(FAULT)
    if match := _SCIENTIFIC.fullmatch(text):
        if len(match[2] or "") != int(match[3]):
            raise ValueError(ROUNDED)
        return match[1] + (match[2] or "")
    if match := _DECIMAL.fullmatch(text):
        text = match[1]
    return _SEPARATORS.sub("", text) if _THOUSANDS.fullmatch(text) else text


class Keys:
    """The keys of a school's students, to recognise those that lost their leading zeros."""

    def __init__(self, keys: Collection[str] = ()) -> None:
        self._keys = frozenset(keys)
        self._padded: dict[str, list[str]] = defaultdict(list)
        for key in self._keys:
            if key.startswith("0"):
                self._padded[key.lstrip("0")].append(key)

    def key(self, text: str) -> str:
        """The student's key that the text stands for. Raises ValueError, whose words don't quote it."""
        if text in self._keys:
            return text
        key = unspoilt(text)
        padded = self._padded.get(key, [])
        if key in self._keys or not padded:
            return key
        if len(padded) > 1:
            raise ValueError("the leading zeros are lost, and more than one student can be meant: export the column as text")
        return padded[0]
