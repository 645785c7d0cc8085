"""Bytes as they arrive into lines of text, whatever the exporting system wrote: UTF-8, UTF-16 or windows-1252; CRLF, LF or CR."""

import codecs
import io
from typing import Final

from services.ingest.tables.errors import EncodingError, LayoutError

LONGEST_LINE: Final = 128 * 1024
"""Characters; a line of attendance has a hundred. Without a bound, a file without line ends would fill the memory."""

_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""The first bytes of a spreadsheet's own files, new and old: people send those in place of a CSV file."""

_ENOUGH: Final = 4
"""Bytes that tell the encoding."""


class LineReader:
    """Cuts bytes into lines, piece by piece.

    Without a byte order mark a file is read as UTF-8. Up to the first byte that isn't, nothing but ASCII can have been read from a
    windows-1252 file: so the reader changes over there, and only then.
    """

    def __init__(self) -> None:
        self._start = b""
        self._encoding = ""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._newlines = io.IncrementalNewlineDecoder(None, translate=True)
        self._rest = ""
        self._lines = 0
        self._ascii = True

    def feed(self, data: bytes) -> list[str]:
        """The lines that are complete with this piece, without their ends. Raises EncodingError or LayoutError."""
        return self._feed(data, final=False)

    def finish(self) -> list[str]:
        """The last line, where the file doesn't end with a line end. Raises EncodingError or LayoutError."""
        lines = self._feed(b"", final=True)
        return [*lines, self._rest] if self._rest else lines

    def _feed(self, data: bytes, *, final: bool) -> list[str]:
        if self._decoder is None:
            self._start += data
            if len(self._start) < _ENOUGH and not final:
                return []
            data = self._begin(self._start)
        text = self._newlines.decode(self._decode(data, final=final), final)
        first, *more = text.split("\n")
        if not more:
            # `+=` on the one reference is cheap; a list of all pieces would hide how long the line has become.
            self._rest += first
            lines = []
        else:
            lines = [self._rest + first, *more[:-1]]
            self._rest = more[-1]
        if len(self._rest) > LONGEST_LINE:
            raise LayoutError(f"line {self._lines + len(lines) + 1} is longer than {LONGEST_LINE} characters: is this a CSV file?")
        self._lines += len(lines)
        return lines

    def _begin(self, start: bytes) -> bytes:
        if start.startswith(_WORKBOOKS):
            raise EncodingError("this is a workbook of a spreadsheet or an archive, and no text: save the sheet as CSV")
        bom, self._encoding = next((mark for mark in _BOMS if start.startswith(mark[0])), (b"", _without_bom(start)))
        self._decoder = codecs.getincrementaldecoder(self._encoding)()
        return start[len(bom) :]

    def _decode(self, data: bytes, *, final: bool) -> str:
        assert self._decoder is not None
        try:
            text = self._decoder.decode(data, final)
        except UnicodeDecodeError as error:
            good = error.object[: error.start].decode(self._encoding, "replace")
            if self._encoding != "utf-8" or not self._ascii or not good.isascii():
                line = self._lines + good.count("\n") + 1
                raise EncodingError(f"near line {line} there are bytes that are no {self._encoding}: export the file as UTF-8") from error
            self._encoding = "windows-1252"
            self._decoder = codecs.getincrementaldecoder(self._encoding)()
            return self._decode(error.object, final=final)
        self._ascii = self._ascii and text.isascii()
        return text


def _without_bom(start: bytes) -> str:
    """A header begins with an ASCII letter: where a zero stands beside it, each character has two bytes."""
    if len(start) >= 2 and (start[0] == 0) != (start[1] == 0):
        return "utf-16-be" if start[0] == 0 else "utf-16-le"
    return "utf-8"
