"""From the bytes of a document as they came to clean UTF-8, piece by piece.

Schools' systems send, in practice, byte order marks, UTF-16, Latin-1 that calls itself UTF-8, control characters inside of texts, NULs
after the end.
"""

import codecs
import re
from typing import Final

_LATIN_1: Final = "kamar-latin-1"
_DECLARED: Final = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_LONGEST_DECLARATION: Final = 200

_TAKEN: Final = {"utf-8", "utf8", "us-ascii", "ascii"}
_OTHERS: Final = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "windows-1252": "cp1252", "cp1252": "cp1252"}
"""A sender of "Latin-1" means Windows-1252: the two differ in characters that no text has on purpose."""

_BLANK_CONTROLS: Final = bytes.maketrans(bytes(range(32)) + b"\x7f", b" " * 33)
"""A raw control character is a blank at most, outside of texts as well as inside; JSON and XML both forbid most of them."""


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(_LATIN_1, _as_latin_1)


class Normaliser:
    """One document's bytes. Never fails: a byte that is no UTF-8 is read as Latin-1."""

    def __init__(self) -> None:
        self._held = b""
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, data: bytes) -> bytes:
        """The text that no later byte can change."""
        if self._decoder is None:
            self._held += data
            if len(self._held) < _LONGEST_DECLARATION:
                return b""
            return self._begin(final=False)
        return _clean(self._decoder.decode(data))

    def end(self) -> bytes:
        """The rest."""
        if self._decoder is None:
            return self._begin(final=True)
        return _clean(self._decoder.decode(b"", final=True))

    def _begin(self, *, final: bool) -> bytes:
        held, self._held = self._held, b""
        self._decoder = codecs.getincrementaldecoder(_encoding(held))(errors=_LATIN_1)
        return _clean(self._decoder.decode(held, final))


def _encoding(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start[1:2] == b"\0" and start[:1] in (b"{", b"<"):
        return "utf-16-le"
    declared = _DECLARED.match(start)
    if declared is not None:
        return _OTHERS.get(declared[1].decode().lower(), "utf-8-sig")
    return "utf-8-sig"


def _clean(text: str) -> bytes:
    return text.encode("utf-8", "replace").translate(_BLANK_CONTROLS)
