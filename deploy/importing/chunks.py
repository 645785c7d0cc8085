"""A file cut into chunks that the imports endpoint takes: each with the header, in one encoding and with one delimiter."""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.ingest.csv_import.columns import Columns, Kind, recognise
from services.ingest.csv_import.errors import LayoutError
from services.ingest.csv_import.records import CsvReader, Row, cell

PIECE: Final = 256 * 1024
MOST_BYTES: Final = 4 * 1024 * 1024
"""Characters of a chunk; rows are some fifty each, so that the count of rows is what bounds a chunk, unless cells are strange."""


@dataclass(slots=True)
class Chunk:
    """Rows to post. `lines` says on which line of the file each line of `text` behind the header stands."""

    text: str
    lines: list[int] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    """Lines of rows that can't be read, and so not be sent either."""
    rows: int = 0
    last_line: int = 0
    position: int = 0
    """How many bytes of the file had been read."""


class Source:
    """One file. Raises CsvError wherever it can't be read."""

    def __init__(self, path: Path, kind: Kind, told: Mapping[str, str], rows_a_chunk: int) -> None:
        self._path = path
        self._kind: Kind = kind
        self._told = told
        self._rows_a_chunk = rows_a_chunk
        self._columns: Columns | None = None
        self._header = ""
        self._position = 0
        self.students: set[str] = set()

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._path.stat().st_size

    def digest(self) -> str:
        """What tells this content from another."""
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def chunks(self, from_line: int) -> Iterator[Chunk]:
        """The chunks behind a line."""
        chunk: Chunk | None = None
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        for line, cells in self._rows():
            if self._columns is None:
                self._begin(cells)
                continue
            if cells is not None:
                self.students.add(cell(cells, self._columns.places["student"]))
            if line <= from_line:
                continue
            if chunk is None:
                chunk = Chunk(self._header)
            if cells is None:
                chunk.damaged.append(line)
            else:
                writer.writerow(cells)
                # A cell with line ends in it has the row span as many lines there as here.
                chunk.lines += [line] * (1 + sum(text.count("\n") for text in cells))
            chunk.rows += 1
            chunk.last_line = line
            chunk.position = self._position
            if chunk.rows >= self._rows_a_chunk or out.tell() > MOST_BYTES:
                chunk.text += _drained(out)
                yield chunk
                chunk = None
        if self._columns is None:
            raise LayoutError("the file is empty")
        if chunk is not None:
            chunk.text += _drained(out)
            yield chunk

    def _begin(self, cells: Sequence[str] | None) -> None:
        if cells is None:
            raise LayoutError("the header can't be read: its quotes don't match")
        self._columns = recognise(cells, self._kind, self._told)
        out = io.StringIO()
        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow([" ".join(name.split()) for name in cells])
        self._header = out.getvalue()

    def _rows(self) -> Iterator[Row]:
        reader = CsvReader()
        self._position = 0
        with self._path.open("rb") as file:
            while data := file.read(PIECE):
                self._position += len(data)
                yield from reader.feed(data)
        yield from reader.finish()


def _drained(out: io.StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text
