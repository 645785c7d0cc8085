"""The e-mail addresses in one field of a school's system. Pure."""

import re
from typing import Final

MOST_ADDRESSES: Final = 5

_SCHEME: Final = re.compile(r"mailto:", re.IGNORECASE)
_UNSEEN: Final = re.compile("[\u200b-\u200f\u2060\ufeff\xad]")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\];,|\"]+@[^\s<>()\[\];,|\"]+")
_BETWEEN: Final = re.compile(r"[/&:]")


def addresses_in(text: str | None) -> list[str]:
    """The addresses, each once: of `a@b.nz; c@d.nz`, `Name <a@b.nz>` or `mailto:a@b.nz`.

    A text without any stays as it is: letters that can't go to it are reported to the school.
    """
    if text is None or not text.strip():
        return []
    plain = _SCHEME.sub(" ", _UNSEEN.sub("", text))
    found: dict[str, str] = {}
    for token in _ADDRESS.findall(plain):
        # A slash or an ampersand may stand in an address: it separates only where there are two.
        for part in _BETWEEN.split(token) if token.count("@") > 1 else [token]:
            local, at, domain = part.strip("'`.:").partition("@")
            address = local + at + domain.partition("?")[0]
            if local and address.count("@") == 1:
                found.setdefault(address.casefold(), address)
    return list(found.values())[:MOST_ADDRESSES] or [text.strip()]
