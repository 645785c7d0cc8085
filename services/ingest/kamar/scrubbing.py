"""Takes passwords out of a document before any of it is stored. They are not asked for; some systems send them all the same.

This is the first of two nets: it works on bytes, in passing. The second is the readers', which drop the same keys when they meet them.
"""

import re
from typing import Final

SECRETS: Final = frozenset({"password", "passwordencrypted"})
"""Keys, in lower case, that are dropped on sight wherever they stand."""

LONGEST: Final = 1024
"""Bytes of a key with its password. A longer one passes this net, not the second."""

_JSON: Final = re.compile(rb'("(?i:password(?:encrypted)?)"\s*:\s*)(?:"(?:[^"\\]|\\.)*"|[-+.0-9eE]+(?=[\s,}\]]))', re.DOTALL)
_XML: Final = re.compile(rb"(?i)<(password(?:encrypted)?)(?:\s[^>]*)?>[^<]*</\1\s*>")
_ATTRIBUTE: Final = re.compile(rb"""(?i)(\spassword(?:encrypted)?\s*=\s*)(?:"[^"<]*"|'[^'<]*')""")
_TRACE: Final = re.compile(rb"(?i)password")


class Scrubber:
    """One document's bytes, in order. Holds back as much as a password can be long, in case it goes on in the next piece."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """The text that no later byte can change, without passwords."""
        clean = scrub(self._held + data)
        self._held = clean[-LONGEST:]
        return clean[:-LONGEST]

    def end(self) -> bytes:
        """The rest."""
        held, self._held = self._held, b""
        return held


def scrub(data: bytes) -> bytes:
    """The bytes without passwords."""
    if _TRACE.search(data) is None:
        return data
    data = _JSON.sub(rb"\1null", data)
    data = _XML.sub(rb"<\1/>", data)
    return _ATTRIBUTE.sub(rb'\1""', data)
