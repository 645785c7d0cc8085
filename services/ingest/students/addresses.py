"""The e-mail addresses in one field of a school's system. Pure."""

import re
from typing import Final

from shared.correspondents import is_closed

MOST_ADDRESSES: Final = 5

_SCHEME: Final = re.compile(r"mailto:", re.IGNORECASE)
_UNSEEN: Final = re.compile("[\u200b-\u200f\u2060\ufeff\xad]")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\];,|\\:\"]+@[^\s<>()\[\];,|\\:\"]+")
_BETWEEN: Final = re.compile(r"[/&#]")
_BEHIND: Final = re.compile(r"[?#]")
"""The start of what a link has behind an address: Access writes `a@b.nz#mailto:a@b.nz#`."""

_AS_TYPED: Final = str.maketrans("\uff20\uff0e\uff1b\uff0c\u3001\u201c\u201d\u2018\u2019", "@.;,,\"\"''")
"""The wide signs of other keyboards, and the quotes that word processors set."""


def addresses_in(text: str | None) -> list[str]:
    """The addresses, each once: of `a@b.nz; c@d.nz`, `Name <a@b.nz>` or `mailto:a@b.nz`.

    A text without any stays as it is: letters that can't go to it are reported to the school. So does one that says that its addresses
    must not be used.
    """
    if text is None or not text.strip():
        return []
    beside = _ADDRESS.sub(" ", text).strip()
    if beside and is_closed(beside):
        return [text.strip()]
    plain = _SCHEME.sub(" ", _UNSEEN.sub("", text).translate(_AS_TYPED))
    found: dict[str, str] = {}
    for token in _ADDRESS.findall(plain):
        # A slash, an ampersand or a hash may stand in an address: it separates only where there are two.
        for part in _BETWEEN.split(token) if token.count("@") > 1 else [token]:
            local, at, domain = part.strip("'`.").partition("@")
            address = local + at + _BEHIND.split(domain)[0]
            if local and address.count("@") == 1:
                found.setdefault(address.casefold(), address)
    return list(found.values())[:MOST_ADDRESSES] or [text.strip()]
