"""Language tags (BCP 47), and which words a reader of one is given. Pure."""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

T = TypeVar("T")

HOUSE: Final = "en"

TAG: Final = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"
LONGEST: Final = 35
"""The least bound of a tag by RFC 5646 section 4.4.1."""

_SCRIPT, _REGION = 4, 2
_RIGHT_TO_LEFT: Final = frozenset({"ar", "ckb", "dv", "fa", "he", "prs", "ps", "sd", "ug", "ur", "yi"})


def canonical(tag: str) -> str:
    """The tag as RFC 5646 section 2.1.1 writes it: `mi`, `en-NZ`, `zh-Hant`. Raises ValueError for what is no tag."""
    if len(tag) > LONGEST or not re.fullmatch(TAG, tag):
        raise ValueError("a language is a BCP 47 tag, such as en, mi, sm or zh-Hant")
    written: list[str] = []
    for part in tag.lower().split("-"):
        # After a singleton, as in `en-x-ny`, nothing is a region or a script any more.
        plain = not written or any(len(earlier) == 1 for earlier in written)
        region, script = len(part) == _REGION, len(part) == _SCRIPT and part.isalpha()
        written.append(part if plain else part.upper() if region else part.title() if script else part)
    return "-".join(written)


def fallbacks(tag: str) -> tuple[str, ...]:
    """The languages to look for, best first: the tag, its base, then the house's. A text that is no tag counts as the house's."""
    try:
        wanted = canonical(tag)
    except ValueError:
        wanted = HOUSE
    return tuple(dict.fromkeys((wanted, wanted.partition("-")[0], HOUSE)))


def best(available: Mapping[str, T], tag: str) -> T | None:
    """The best match for a reader of the language; None if there is neither that nor anything in the house's."""
    return next((available[language] for language in fallbacks(tag) if language in available), None)


def direction(tag: str) -> str:
    """Which way the language is written, as HTML's `dir` has it."""
    return "rtl" if tag.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


def page_language(tag: str) -> str:
    """The tag for HTML's `lang`: the house's English is New Zealand's."""
    return "en-NZ" if tag == HOUSE else tag
