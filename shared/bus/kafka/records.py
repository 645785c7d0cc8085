"""Reads whatever a log holds: aiokafka's own reader fails on a header whose name is not UTF-8, and with it a partition would stand still.

`install` puts this reader in the place of aiokafka's (0.14, pinned; see decision 6). A name that can't be read comes with U+FFFD where its
octets were, and `shared.events.envelope` refuses the record for it, so that it becomes a dead letter.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy


def install() -> None:
    """From now on, every consumer of this process reads so."""
    fetcher.MemoryRecords = _Records


class _Records(_MemoryRecordsPy):  # type: ignore[misc]
    """The batches of an answer of the broker."""

    def next_batch(self, *_: int) -> Any:
        """The next batch, by aiokafka's compiled reader, with the plain one behind it."""
        octets = self._next_slice
        batch = super().next_batch()
        return batch if octets is None or octets[self.MAGIC_OFFSET] < _WITH_HEADERS else _Batch(batch, octets)


_WITH_HEADERS = 2
"""The version of the format from which on records have headers."""


class _Batch:
    """A batch. Once the compiled reader has failed on a name, the rest is read by the plain one, which bears it."""

    def __init__(self, batch: Any, octets: memoryview) -> None:
        self._batch = batch
        self._octets = octets
        self._records = self._read()

    def __iter__(self) -> Iterator[Any]:
        return self._records

    def __next__(self) -> Any:
        return next(self._records)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def _read(self) -> Iterator[Any]:
        done = 0
        try:
            for record in self._batch:
                yield record
                done += 1
        except UnicodeDecodeError:
            yield from islice(_BearingBatch(self._octets), done, None)


class _BearingBatch(_DefaultRecordBatchPy):  # type: ignore[misc]
    """aiokafka's plain reader on octets that can all be read as text."""

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer: bytearray = _Readable(self._buffer)


class _Readable(bytearray):
    """Octets that become text whatever they are; a piece of them does, too."""

    def __getitem__(self, place: Any) -> Any:
        piece = super().__getitem__(place)
        return _Readable(piece) if isinstance(place, slice) else piece

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        """As text, with U+FFFD for what is none."""
        return super().decode(encoding, errors)
