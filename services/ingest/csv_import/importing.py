"""A file on its way in: read, sorted and published batch by batch while it arrives."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from services.ingest.answers import Rejected
from services.ingest.csv_import.columns import Columns, Kind, recognise
from services.ingest.csv_import.errors import MonthFirstError
from services.ingest.csv_import.report import Tally
from services.ingest.csv_import.schemas import ImportReport
from services.ingest.csv_import.sorting import Sorted, Sorter
from services.ingest.tables.errors import LayoutError
from services.ingest.tables.records import CsvReader, Row
from shared.clock import Clock

ROWS_A_BATCH: Final = 5_000
"""As many as a request of the marks door may have: ten events on the bus."""

ROWS_A_TURN: Final = 250
"""After so many rows (a few milliseconds) other requests of this process have their turn."""

Keep = Callable[[Sorted], Awaitable[None]]
Judge = Callable[[Sequence[Sorted]], Awaitable[None]]

MONTH_FIRST: Final = (
    "the dates have the month first (as 10/13/2026): read day first, other rows would be marks of wrong days, so nothing was taken; "
    "export the dates as YYYY-MM-DD"
)


class _Ended(NamedTuple):
    batch: Sorted
    rows: int
    last_line: int


class Import:
    """One file. `keep` publishes or stores a batch; None is a dry run.

    A batch whose dates could be read either way waits until a date tells which: a file with the month first is refused whole. With `judge`
    all batches wait for the end of the file, and are judged together before the first of them is kept.
    """

    def __init__(
        self,
        kind: Kind,
        chosen: Mapping[str, str],
        sorter_of: Callable[[Columns], Sorter],
        keep: Keep | None,
        clock: Clock,
        tally: Tally,
        judge: Judge | None = None,
    ) -> None:
        self._kind: Kind = kind
        self._chosen = chosen
        self._sorter_of = sorter_of
        self._keep = keep
        self._clock = clock
        self._tally = tally
        self._judge = judge
        self._from_line = tally.last_line
        self._columns: Columns | None = None
        self._sorter: Sorter | None = None
        self._taken = 0
        self._line = 0
        self._damaged: list[Rejected] = []
        self._waiting: list[_Ended] = []

    async def run(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[Sorted]:
        """Yields each batch once it is kept by the bus. Raises CsvError for a file, and BusUnavailableError."""
        reader = CsvReader()
        async for piece in pieces:
            async for batch in self._sort(reader.feed(piece)):
                yield batch
        async for batch in self._sort(reader.finish()):
            yield batch
        if self._columns is None:
            raise LayoutError("the file is empty")
        if self._sorter is not None and self._sorter.order.is_month_first:
            raise MonthFirstError(MONTH_FIRST)
        if self._taken:
            self._end_batch()
        if self._judge is not None:
            await self._judge([ended.batch for ended in self._waiting])
        async for batch in self._settle():
            yield batch

    def report(self) -> ImportReport:
        """The result for the file so far."""
        return self._tally.report(self._kind, dry_run=self._keep is None, columns=self._columns)

    async def _sort(self, rows: Iterable[Row]) -> AsyncIterator[Sorted]:
        for line, cells in rows:
            if self._sorter is None:
                if cells is None:
                    raise LayoutError("the header can't be read: its quotes don't match")
                self._columns = recognise(cells, self._kind, self._chosen)
                self._sorter = self._sorter_of(self._columns)
                continue
            if line <= self._from_line:
                self._sorter.look(cells or [])
                continue
            if self._taken == 0:
                self._sorter.begin(self._clock())
            if cells is None:
                self._damaged.append(Rejected(index=line, reason="bad-field", detail="the row's quotes don't match"))
            else:
                self._sorter.take(line, cells)
            self._taken += 1
            self._line = line
            if self._taken >= ROWS_A_BATCH:
                self._end_batch()
                if self._judge is None and not self._sorter.order.is_open:
                    async for batch in self._settle():
                        yield batch
            elif self._taken % ROWS_A_TURN == 0:
                await asyncio.sleep(0)

    def _end_batch(self) -> None:
        assert self._sorter is not None
        batch = self._sorter.end()
        batch.rejected += self._damaged
        self._waiting.append(_Ended(batch, self._taken, self._line))
        self._taken, self._damaged = 0, []

    async def _settle(self) -> AsyncIterator[Sorted]:
        while self._waiting:
            batch, rows, last_line = self._waiting.pop(0)
            if self._keep is not None and batch.accepted:
                await self._keep(batch)
            self._tally.settle(rows, batch.accepted, batch.rejected, last_line)
            yield batch
