"""Marks that were read, put down on disk by school, so that the register of a country is built again a part at a time."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Final, Self
from zlib import crc32

import msgspec

from services.thresholds.register import packed_row
from services.thresholds.register.repository.rows import RowKey

PARTS: Final = 64
"""Files, and so parts: a term of 850,000 students has 1.9 GB of rows, 30 MB a part."""

_LENGTH: Final = 4

Said = tuple[str, str, bytes]
"""A term, a student, and a register entry."""


class Spool:
    """Entries by school, in temporary files that nobody else sees and that end with it."""

    def __init__(self) -> None:
        self._cleanup = ExitStack()
        self._parts: dict[int, IO[bytes]] = {}
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(tuple[str, list[Said]])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._cleanup.close()

    def add(self, school: str, entries: Sequence[Said]) -> None:
        """Puts down what one message says."""
        place = crc32(school.encode()) % PARTS
        part = self._parts.get(place)
        if part is None:
            part = self._parts[place] = self._cleanup.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed by the stack
        said = self._encoder.encode((school, entries))
        part.write(len(said).to_bytes(_LENGTH, "big") + said)

    def rows(self) -> Iterator[dict[RowKey, bytes]]:
        """The rows that the entries make, a part at a time: all of a school are in one part."""
        for part in self._parts.values():
            part.seek(0)
            built: dict[RowKey, list[bytes]] = {}
            while length := part.read(_LENGTH):
                school, entries = self._decoder.decode(part.read(int.from_bytes(length, "big")))
                for term, student, entry in entries:
                    built.setdefault(RowKey(school, term, student), []).append(entry)
            # In order of place, each entry goes to the head of its row.
            yield {key: packed_row.merge(b"", sorted(entries)) for key, entries in built.items()}
