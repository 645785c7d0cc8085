"""The list of erasures beside the database, for a set-up whose bus is the database: a backup that is restored has no newer erasures in it.

Each erasure is a line of JSON in `erasures.jsonl` of the data folder: the school, its key of the student, the id, the moment.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.ingest.erasures.beginning import announce
from shared.clock import Clock, utc_now
from shared.db.errors import is_transient
from shared.erasures import repository as erasures
from shared.events.data import StudentErased
from shared.events.topics import ERASURES
from shared.files import write_whole
from shared.waiting import wait_until_set

log = structlog.get_logger()

FILE: Final = "erasures.jsonl"
EVERY: Final = timedelta(seconds=2)
"""How often the file and the table are compared."""

assert ERASURES.retention is not None
KEPT_FOR: Final = ERASURES.retention

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(StudentErased)


@dataclass
class ErasureList:
    """Keeps the file and the table of erasures alike."""

    engine: AsyncEngine
    data: Path
    clock: Clock = utc_now

    async def run(self, stop: asyncio.Event, beat: Callable[[], None] = lambda: None) -> None:
        """Goes on until `stop` is set."""
        while not stop.is_set():
            beat()
            try:
                await self.run_once()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("erasures.wait", error=type(error).__name__)
            await wait_until_set(stop, EVERY.total_seconds())

    async def run_once(self) -> int:
        """Begins again the erasures that only the file has, and adds those to it that only the table has; answers how many of both."""
        since = self.clock() - KEPT_FOR
        lines = await asyncio.to_thread(self._read)
        async with self.engine.begin() as connection:
            stored = {_key(erased): erased for erased in await erasures.all_since(connection, since)}
            latest = {erased.student_id: erased.erased_at for erased in stored.values()}
            lost = [line for line in lines.values() if line.erased_at > latest.get(line.student_id, since)]
            for erased in sorted(lost, key=lambda erased: erased.erased_at):
                log.warning("erasures.again", school=erased.school, student_id=str(erased.student_id))
                await announce(connection, erased, self.clock())
        new = [erased for key, erased in stored.items() if key not in lines]
        if new:
            kept = [line for line in lines.values() if line.erased_at >= since]
            await asyncio.to_thread(self._write, sorted([*kept, *new], key=lambda erased: (erased.erased_at, erased.student_id)))
        return len(lost) + len(new)

    @property
    def _path(self) -> Path:
        return self.data / FILE

    def _read(self) -> dict[tuple[str, datetime], StudentErased]:
        if not self._path.exists():
            return {}
        return {_key(erased): erased for erased in map(_decoder.decode, self._path.read_bytes().splitlines())}

    def _write(self, lines: list[StudentErased]) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, b"".join(_encoder.encode(erased) + b"\n" for erased in lines))


def _key(erased: StudentErased) -> tuple[str, datetime]:
    return str(erased.student_id), erased.erased_at
