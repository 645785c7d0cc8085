"""A file cut into parts that the imports endpoint takes: each with the header, in front of whole lines."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PIECE: Final = 256 * 1024
MOST_LINES_OF_A_ROW: Final = 50
"""As the service has it: a quoted note may span some lines; more mean that a quote was opened by mistake."""

_NO_HEADER: Final = re.compile(r"\ufeff?\s*(sep=.)?\s*")
"""Lines that may stand above a header: blank ones, and the one in which spreadsheets name the delimiter."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of the file from `start` to `end`, and what to send in front of them.

    The head of a later part is the header and a blank line for each line that went before. Blank lines are passed over, but counted:
    so the service's line numbers, in and out, are always those of the whole file.
    """

    path: Path
    head: bytes
    start: int
    end: int
    last_line: int | None
    """The last line in it; None for the last part."""

    @property
    def size(self) -> int:
        """Bytes to send."""
        return len(self.head) + self.end - self.start

    def pieces(self, moved: Callable[[int], object]) -> Iterator[bytes]:
        """The bytes to send. Calls `moved` with the position in the file that has been read up to."""
        moved(self.start)
        if self.head:
            yield self.head
        with self.path.open("rb") as file:
            file.seek(self.start)
            position = self.start
            # A file that grows meanwhile is sent as long as it was.
            while piece := file.read(min(PIECE, self.end - position)):
                yield piece
                position += len(piece)
                moved(position)


def parts_of(path: Path, limit: int) -> Iterator[Part]:
    """The file's parts of at most `limit` bytes each, in order; one where the file is no larger. Raises OSError, and ValueError
    where the file is larger and can't be cut."""
    size = path.stat().st_size
    if size <= limit:
        yield Part(path, b"", 0, size, None)
        return
    yield from _Cutter(path, limit).parts(size)


@dataclass(frozen=True, slots=True)
class _Place:
    """A line's end: how many bytes and lines stand before it."""

    position: int = 0
    line: int = 0


class _Cutter:
    """Cuts where a row ends: quotes are even there. Where they never are, one was opened by mistake, and the end of any line will do."""

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._encoding, self._errors = _encoding_of(path)
        self._header = ""
        self._header_lines = 0

    def parts(self, size: int) -> Iterator[Part]:
        """All of them, in order."""
        start = here = row_end = _Place()
        head = b""
        in_quotes = in_rows = False
        for text in self._lines():
            end = _Place(here.position + len(self._encoded(text)), here.line + 1)
            if not in_rows:
                self._header += text
                self._header_lines += 1
                in_rows = not _NO_HEADER.fullmatch(text)
            elif len(head) + end.position - start.position > self._limit and here.position > start.position:
                if row_end.position <= start.position or here.line - row_end.line >= MOST_LINES_OF_A_ROW:
                    row_end, in_quotes = here, False
                yield Part(self._path, head, start.position, row_end.position, row_end.line)
                start, head = row_end, self._head(row_end)
            here = end
            in_quotes ^= text.count('"') % 2 == 1
            if not in_quotes:
                row_end = here
        yield Part(self._path, head, start.position, size, None)

    def _head(self, start: _Place) -> bytes:
        line_end = "\r" if self._header.endswith("\r") else "\n"
        head = self._encoded(self._header + line_end * (start.line - self._header_lines))
        if len(head) > self._limit // 2:
            raise ValueError("the file has too many lines for one import: cut it yourself, each part with the header")
        return head

    def _encoded(self, text: str) -> bytes:
        return text.encode(self._encoding, self._errors)

    def _lines(self) -> Iterator[str]:
        """Lines with their ends: CRLF, LF or CR."""
        with self._path.open(encoding=self._encoding, errors=self._errors, newline="") as file:
            yield from file


def _encoding_of(path: Path) -> tuple[str, str]:
    """An encoding and error handler that give the same bytes back: UTF-16, or one that has ASCII's line ends and quotes."""
    with path.open("rb") as file:
        first = file.read(2)
    if first in {b"\xff\xfe", b"\xfe\xff"}:
        return ("utf-16-le" if first == b"\xff\xfe" else "utf-16-be"), "surrogatepass"
    if 0 in first:
        return ("utf-16-be" if first[0] == 0 else "utf-16-le"), "surrogatepass"
    return "utf-8", "surrogateescape"
