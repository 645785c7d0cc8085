"""Lines into rows of cells, each with the number of its first line."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from services.ingest.tables.errors import LayoutError
from services.ingest.tables.text import LineReader

DELIMITERS: Final = (",", ";", "\t")
MOST_LINES: Final = 50
"""Lines of one row: a quoted note may have some. More means that a quote was opened by mistake, and would swallow the rows after it."""

_SEP: Final = re.compile(r"sep=([,;\t])")
"""The line that spreadsheets write above the header, to name the delimiter."""


_INVISIBLE: Final = dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"))
"""Signs without a shape that come along with a copied text, and make another key or date of it. Joiners stay: names have them."""


class Row(NamedTuple):
    """A row; `cells` None where quotes make it unreadable."""

    line: int
    cells: list[str] | None


class CsvReader:
    """Reads a file piece by piece; the first row is the header. Blank rows are passed over."""

    def __init__(self) -> None:
        self._lines = LineReader()
        self._delimiter: str | None = None
        self._waiting: list[str] = []
        self._line = 1

    def feed(self, data: bytes) -> Iterator[Row]:
        """The rows that are complete with this piece. Raises EncodingError or LayoutError."""
        return self._rows(self._lines.feed(data), final=False)

    def finish(self) -> Iterator[Row]:
        """The rows that only the end of the file completes. Raises EncodingError or LayoutError."""
        return self._rows(self._lines.finish(), final=True)

    def _rows(self, lines: list[str], *, final: bool) -> Iterator[Row]:
        self._waiting += lines
        if self._delimiter is None:
            self._delimiter = self._sniff()
            if self._delimiter is None:
                return
        lines, self._waiting = self._waiting, []
        done = 0
        while done < len(lines):
            start = done
            reader = csv.reader(islice(lines, start, None), delimiter=self._delimiter, strict=True)
            try:
                for cells in reader:
                    end = start + reader.line_num
                    if end - done > MOST_LINES:
                        break
                    if end - done > 1:
                        cells = self._spanning(lines[done:end])  # noqa: PLW2901 - the same row
                    if any(map(str.strip, cells)):
                        yield Row(self._line + done, cells)
                    done = end
                else:
                    break
            except csv.Error:
                reached_end = start + reader.line_num >= len(lines)
                if reached_end and not final and len(lines) - done <= MOST_LINES:
                    break
            # Only the line on which it begins is lost: the next one starts afresh.
            yield Row(self._line + done, None)
            done += 1
        self._waiting = lines[done:]
        self._line += done

    def _spanning(self, lines: Sequence[str]) -> list[str]:
        """A row of several lines, with their ends, which the quick way through single lines does without."""
        assert self._delimiter is not None
        return next(csv.reader((line + "\n" for line in lines), delimiter=self._delimiter, strict=True))

    def _sniff(self) -> str | None:
        """The delimiter, told from the header; None while there is none."""
        while self._waiting:
            header = self._waiting[0]
            separator = _SEP.fullmatch(header.strip(" "))
            if separator is None and header.strip():
                return delimiter_of(header)
            del self._waiting[0]
            self._line += 1
            if separator is not None:
                return separator[1]
        return None


def delimiter_of(header: str) -> str:
    """The delimiter that makes the most columns of a header. Raises LayoutError where quotes make it unreadable."""
    widths = {delimiter: _width(header, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: widths[delimiter])
    if widths[best] == 0:
        raise LayoutError("the header can't be read: its quotes don't match")
    return best


def _width(header: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([header], delimiter=delimiter, strict=True)))
    except csv.Error:
        return 0


def cell(cells: Sequence[str], column: int | None) -> str:
    """A cell without blanks around it; empty where the row is shorter or there is no such column.

    `="00123"`, which keeps a spreadsheet from reading a number, is `00123`.
    """
    text = visible(cells[column]).strip() if column is not None and column < len(cells) else ""
    return text[2:-1].strip() if text.startswith('="') and text.endswith('"') and len(text) > 2 else text


def visible(text: str) -> str:
    """The text without signs that nobody sees."""
    return text if text.isascii() else text.translate(_INVISIBLE)
