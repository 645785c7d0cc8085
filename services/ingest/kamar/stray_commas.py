"""Takes out the commas that some builds of KAMAR write for a member that is not there: `{"a": 1,, "b": 2}`, `[,1]`, `[1,]`.

A strict parser stops at the first. Nothing inside of a text is changed.
"""

import re
from typing import Final

_STRAY: Final = re.compile(rb",\s*[,\]}]|[\[{]\s*,")
_PIECES: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?|([\[{]\s*)(?:,\s*)+|(,)(?=\s*[,\]}])', re.DOTALL)
_REST_OF_TEXT: Final = re.compile(rb'(?:[^"\\]|\\.)*"?', re.DOTALL)
_HELD: Final = re.compile(rb"(?:[,\[{]\s*|\\)+\Z")
"""The end of a piece that only the next one makes clear: a comma or bracket without what follows, half of an escape."""

_LONGEST_HELD: Final = 256


class StrayCommas:
    """One document's bytes, in UTF-8 and without control characters inside of texts."""

    def __init__(self) -> None:
        self._held = b""
        self._in_text = False

    def feed(self, data: bytes) -> bytes:
        """The bytes without stray commas, as far as they are clear."""
        data = self._held + data
        end = _HELD.search(data, max(0, len(data) - _LONGEST_HELD))
        data, self._held = (data[: end.start()], data[end.start() :]) if end is not None else (data, b"")
        clean = self._without(data) if _STRAY.search(data + self._held) is not None else data
        if _quotes(data) % 2:
            self._in_text = not self._in_text
        return clean

    def _without(self, data: bytes) -> bytes:
        start = 0
        if self._in_text:
            rest = _REST_OF_TEXT.match(data)
            start = rest.end() if rest is not None else 0
        return data[:start] + _PIECES.sub(lambda piece: b"" if piece[2] else piece[1] or piece[0], data[start:])


def _quotes(data: bytes) -> int:
    """How many quotes begin or end a text: those without a backslash in front."""
    return data.replace(rb"\\", b"").replace(rb"\"", b"").count(b'"')
