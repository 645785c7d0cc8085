"""Postal addresses as a school's system has them: their lines, and whether two are one home. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from services.notifier.contacts.one_line import one_line
from shared.addresses import address_key
from shared.correspondents import is_closed, words_key

FEWEST_LINES: Final = 2
"""A street or box, and a town: nothing with less arrives."""

MOST_LINES: Final = 6
"""Lines that an envelope's window has room for, below the names."""

_LEFT_OUT: Final = frozenset({"new", "zealand", "nz", "aotearoa", "flat", "unit", "apartment", "apt"})
"""Words of an address that some write and others leave out."""

_SHORT: Final = {
    "st": "street", "rd": "road", "ave": "avenue", "av": "avenue", "dr": "drive", "dve": "drive", "pl": "place", "cres": "crescent",
    "cr": "crescent", "tce": "terrace", "terr": "terrace", "ln": "lane", "ct": "court", "crt": "court", "hwy": "highway", "pde": "parade",
    "cl": "close", "gr": "grove", "gv": "grove", "mt": "mount", "upr": "upper", "nth": "north", "sth": "south",
}  # fmt: skip

_POSTCODE: Final = re.compile(r"\b([0-9]{4})\b(?!.*\b[0-9]{4}\b)", re.DOTALL)


def usable_home(address: str | None) -> str | None:
    """The address with a part on each line; None for one that no letter arrives at, or whose words close it. An address on one line has
    commas between its parts."""
    if is_closed(address or ""):
        return None
    parts = (address or "").splitlines()
    if len(parts) == 1:
        parts = parts[0].split(",")
    lines = [" ".join(part.split()) for part in parts]
    lines = [line for line in lines if line]
    return "\n".join(lines) if FEWEST_LINES <= len(lines) <= MOST_LINES else None


def home_key(address: str) -> str:
    """The form that spellings of one home share: case, commas, full stops and breaks are no difference."""
    return " ".join(re.sub(r"[,.]", " ", address).casefold().split())


def same_home(one: str, other: str) -> bool:
    """Whether two addresses are likely one home: accents, short words, postcodes and left-out parts are no difference.

    For homes that no letter may come to: the error on that side costs a question.
    """
    first, second = _words(one), _words(other)
    fewer, more = sorted((first, second), key=len)
    return fewer <= more and any(word[0].isdigit() for word in fewer)


def _words(address: str) -> set[str]:
    words = words_key(address.replace(postcode_of(address) or "\n", " ")).split()
    return {_SHORT.get(word, word) for word in words if word not in _LEFT_OUT}


def envelope(names: Sequence[str], home: str) -> str:
    """The lines of the envelope's window: the names on one line, and the home below."""
    return f"{', '.join(one_line(name) for name in names)}\n{home}"


def home_of(written: str) -> str:
    """The home on an envelope."""
    return written.partition("\n")[2]


def written_key(recipient: str) -> str:
    """The form that all spellings of a place share to which a delivery was written: of a home on an envelope, which has names above it, or
    of an address or number."""
    return home_key(home_of(recipient)) if "\n" in recipient else address_key(recipient)


def postcode_of(address: str) -> str:
    """The last four digits in a row; empty where there are none."""
    found = _POSTCODE.search(address)
    return found[1] if found is not None else ""
