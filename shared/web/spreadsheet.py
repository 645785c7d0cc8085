"""Lists as CSV for spreadsheets: RFC 4180, in pieces, and no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from fastapi.responses import StreamingResponse

from shared.web.headers import disposition

ROWS_A_PIECE: Final = 500

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""Beginnings that make a spreadsheet take a text for a formula or a command."""

Cell = str | int | float | None


def csv_pieces(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The file in pieces of some hundred rows."""
    left = iter(rows)
    piece: list[Sequence[Cell]] = [header, *islice(left, ROWS_A_PIECE)]
    while piece:
        yield csv_lines(piece)
        piece = list(islice(left, ROWS_A_PIECE))


def csv_answer(filename: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> StreamingResponse:
    """A download. The file name is plain ASCII, and says nothing of persons: it ends up in histories and on shared drives."""
    return _download(filename, csv_pieces(header, rows))


def csv_answer_of_pages(filename: str, header: Sequence[str], pages: AsyncIterator[Iterable[Sequence[Cell]]]) -> StreamingResponse:
    """The same of rows that are fetched while they are sent. Where that fails, the answer breaks off and is no complete one."""

    async def pieces() -> AsyncIterator[bytes]:
        yield csv_lines([header])
        async for rows in pages:
            yield csv_lines(rows)

    return _download(filename, pieces())


def _download(filename: str, pieces: Iterator[bytes] | AsyncIterator[bytes]) -> StreamingResponse:
    return StreamingResponse(
        pieces,
        media_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": disposition("attachment", filename), "Cache-Control": "no-store"},
    )


def csv_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Rows as lines of such a file."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows([_harmless(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode()


def _harmless(cell: Cell) -> Cell:
    # The apostrophe is the spreadsheets' own sign for "this is text".
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell
