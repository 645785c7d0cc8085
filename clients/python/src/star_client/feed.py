"""The reader of the events feed, which keeps its cursor in a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from star_client.client import Star
from star_client.errors import StarError

KNOWN: Final = 1_000
"""Ids that are remembered, to pass over events that come again after a restore of the engine's database."""


class Feed:
    """Events, oldest first, each once. An event counts as handled when the next one is asked for.

    `for event in Feed(star, Path("cursor.json")): ...` goes on where the last run ended. With `wait` it goes on for ever, else it ends
    where the feed ends.
    """

    def __init__(self, star: Star, path: Path, *, wait: float = 0) -> None:
        self._star = star
        self._path = path
        self._wait = wait

    def __iter__(self) -> Iterator[dict[str, Any]]:
        cursor, known = self._load()
        while True:
            try:
                page: Any = self._star.list_events(after=cursor, limit=500, wait=self._wait or None)
            except StarError as error:
                if error.kind != "cursor-of-another-history":
                    raise
                cursor = str(error.problem["read_from"])
                continue
            for event in page["items"]:
                if event["id"] in known:
                    continue
                yield event
                known[event["id"]] = None
                self._keep(cursor, known)
            cursor = page["next"]
            self._keep(cursor, known)
            if not page["items"] and not self._wait:
                return

    def _load(self) -> tuple[str | None, dict[str, None]]:
        if not self._path.exists():
            return None, {}
        kept = json.loads(self._path.read_text(encoding="utf-8"))
        return kept["cursor"], dict.fromkeys(kept["known"])

    def _keep(self, cursor: str | None, known: dict[str, None]) -> None:
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps({"cursor": cursor, "known": list(known)[-KNOWN:]}), encoding="utf-8")
        beside.replace(self._path)
