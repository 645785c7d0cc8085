"""The readers of the events feed, sync and async, which keep their cursor in a file."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from star_client.client import AsyncStar, Star
from star_client.errors import StarError

KNOWN: Final = 1_000
"""Ids that are remembered, to pass over events that come again after a restore of the engine's database."""

PAGE: Final = 500


@dataclass
class _Place:
    """How far a reader is: the cursor of the next page, and the ids of the last events."""

    path: Path
    cursor: str | None
    known: dict[str, None]

    @classmethod
    def kept_in(cls, path: Path) -> "_Place":
        if not path.exists():
            return cls(path, None, {})
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(path, kept["cursor"], dict.fromkeys(kept["known"]))

    def fresh(self, page: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The events of a page that have not come before. Each is kept as handled when the next one is asked for."""
        for event in page["items"]:
            if event["id"] not in self.known:
                yield event
                self.known[event["id"]] = None
                if len(self.known) > KNOWN:
                    del self.known[next(iter(self.known))]
                self.keep(self.cursor)

    def keep(self, cursor: str | None) -> None:
        self.cursor = cursor
        beside = self.path.with_suffix(".new")
        beside.write_text(json.dumps({"cursor": cursor, "known": list(self.known)}), encoding="utf-8")
        beside.replace(self.path)

    def go_back(self, error: StarError) -> None:
        """Goes where the engine says, if the cursor is of another history. Raises any other refusal."""
        if error.read_from is None:
            raise error
        self.cursor = error.read_from


class Feed:
    """Events, oldest first, each once. An event counts as handled when the next one is asked for.

    `for event in Feed(star, Path("cursor.json")): ...` goes on where the last run ended. Without `wait` it ends where the feed ends; with
    `wait`, where an outage of the engine outlasts the `tries` of the client.
    """

    def __init__(self, star: Star, path: Path, *, wait: float = 0) -> None:
        self._star = star
        self._path = path
        self._wait = wait

    def __iter__(self) -> Iterator[dict[str, Any]]:
        place = _Place.kept_in(self._path)
        while True:
            try:
                page: Any = self._star.list_events(after=place.cursor, limit=PAGE, wait=self._wait or None)
            except StarError as error:
                place.go_back(error)
                continue
            yield from place.fresh(page)
            place.keep(page["next"])
            if not page["items"] and not self._wait:
                return


class AsyncFeed:
    """The same for `AsyncStar`: `async for event in AsyncFeed(star, Path("cursor.json")): ...`."""

    def __init__(self, star: AsyncStar, path: Path, *, wait: float = 0) -> None:
        self._star = star
        self._path = path
        self._wait = wait

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        place = _Place.kept_in(self._path)
        while True:
            try:
                page: Any = await self._star.list_events(after=place.cursor, limit=PAGE, wait=self._wait or None)
            except StarError as error:
                place.go_back(error)
                continue
            for event in place.fresh(page):
                yield event
            place.keep(page["next"])
            if not page["items"] and not self._wait:
                return
