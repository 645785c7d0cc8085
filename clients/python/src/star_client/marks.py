"""Marks in requests of bounded size, and the outcome of them all."""

import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from star_client.errors import StarError
from star_client.models import MarkIn

NDJSON: Final = "application/x-ndjson"
MOST_BYTES: Final = 1024 * 1024
MOST_MARKS: Final = 5_000


@dataclass
class Uploaded:
    """The outcome: how many marks were accepted, and the refused ones with their place among all."""

    accepted: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def add(self, first: int, answer: Mapping[str, Any]) -> None:
        """Adds a request's answer; `first` is the place of its first mark."""
        self.accepted += answer["accepted"]
        self.rejected += [{**rejection, "index": first + rejection["index"]} for rejection in answer["rejected"]]


class _Gathered:
    """The lines of the next request. `first` is the place of its first mark among all."""

    def __init__(self) -> None:
        self._first = 0
        self._lines: list[bytes] = []
        self._size = 0

    def full(self, mark: MarkIn) -> tuple[int, bytes] | None:
        """Takes a mark; answers the request that has no room for it, if there is one."""
        line = json.dumps(mark, separators=(",", ":")).encode()
        has_room = self._size + len(line) <= MOST_BYTES and len(self._lines) < MOST_MARKS
        body = None if has_room else self.rest()
        self._lines.append(line)
        self._size += len(line) + 1
        return body

    def rest(self) -> tuple[int, bytes] | None:
        """The request with the marks taken since the last one; None without any."""
        if not self._lines:
            return None
        body = (self._first, b"\n".join(self._lines))
        self._first, self._lines, self._size = self._first + len(self._lines), [], 0
        return body


def batches(marks: Iterable[MarkIn]) -> Iterator[tuple[int, bytes]]:
    """Requests' bodies, each with the place of its first mark. At most one is in memory."""
    gathered = _Gathered()
    for mark in marks:
        if (body := gathered.full(mark)) is not None:
            yield body
    if (body := gathered.rest()) is not None:
        yield body


async def async_batches(marks: AsyncIterable[MarkIn]) -> AsyncIterator[tuple[int, bytes]]:
    """The same from an async iterable."""
    gathered = _Gathered()
    async for mark in marks:
        if (body := gathered.full(mark)) is not None:
            yield body
    if (body := gathered.rest()) is not None:
        yield body


async def one_by_one(marks: Iterable[MarkIn]) -> AsyncIterator[MarkIn]:
    """The marks of a plain iterable as an async one."""
    for mark in marks:
        yield mark


def outcome(error: StarError) -> Mapping[str, Any]:
    """The outcome of a request of which nothing was accepted. Raises any other refusal."""
    if error.kind != "nothing-accepted":
        raise error
    return error.problem
