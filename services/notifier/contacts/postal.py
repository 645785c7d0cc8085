"""Postal addresses as a school's system has them: their lines, and whether two are one home. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from services.notifier.contacts.one_line import one_line

FEWEST_LINES: Final = 2
"""A street or box, and a town: nothing with less arrives."""

MOST_LINES: Final = 6
"""Lines that an envelope's window has room for, below the names."""

_POSTCODE: Final = re.compile(r"\b([0-9]{4})\b(?!.*\b[0-9]{4}\b)", re.DOTALL)


def usable_home(address: str | None) -> str | None:
    """The address with a part on each line; None for one that no letter arrives at. An address on one line has commas between its parts."""
    parts = (address or "").splitlines()
    if len(parts) == 1:
        parts = parts[0].split(",")
    lines = [" ".join(part.split()) for part in parts]
    lines = [line for line in lines if line]
    return "\n".join(lines) if FEWEST_LINES <= len(lines) <= MOST_LINES else None


def home_key(address: str) -> str:
    """The form that spellings of one home share: case, commas, full stops and breaks are no difference."""
    return " ".join(re.sub(r"[,.]", " ", address).casefold().split())


def envelope(names: Sequence[str], home: str) -> str:
    """The lines of the envelope's window: the names on one line, and the home below."""
    return f"{', '.join(one_line(name) for name in names)}\n{home}"


def home_of(written: str) -> str:
    """The home on an envelope."""
    return written.partition("\n")[2]


def postcode_of(address: str) -> str:
    """The last four digits in a row; empty where there are none."""
    found = _POSTCODE.search(address)
    return found[1] if found is not None else ""
