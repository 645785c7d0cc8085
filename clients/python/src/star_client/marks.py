"""Marks in requests of bounded size, and the outcome of them all."""

import json
from collections.abc import Iterable, Iterator, Mapping
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


def batches(marks: Iterable[MarkIn]) -> Iterator[tuple[int, bytes]]:
    """Requests' bodies, each with the place of its first mark. At most one is in memory."""
    first, lines, size = 0, list[bytes](), 0
    for place, mark in enumerate(marks):
        line = json.dumps(mark, separators=(",", ":")).encode()
        if lines and (size + len(line) > MOST_BYTES or len(lines) == MOST_MARKS):
            yield first, b"\n".join(lines)
            first, lines, size = place, [], 0
        lines.append(line)
        size += len(line) + 1
    if lines:
        yield first, b"\n".join(lines)


def outcome(error: StarError) -> Mapping[str, Any]:
    """The outcome of a request of which nothing was accepted. Raises any other refusal."""
    if error.kind != "nothing-accepted":
        raise error
    return error.problem
