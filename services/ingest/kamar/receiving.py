"""Takes a KAMAR document in: looks at its head, stores it piece by piece, and leaves the rest to the worker.

The pieces go into the database in short transactions of their own, not in one that lasts as long as the line is slow and would hold a
connection all that time. Nobody sees them before the last transaction, which makes the document one that waits.
"""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final

import structlog

from services.ingest.kamar import envelope
from services.ingest.kamar.documents import HEAD, PROCESSED, Document
from services.ingest.kamar.envelope import Envelope
from services.ingest.kamar.reading import BrokenDocumentError, Header
from services.ingest.kamar.refusals import Refusals
from services.ingest.kamar.reporting import report
from services.ingest.kamar.repository import documents
from services.ingest.kamar.scrubbing import Scrubber
from services.ingest.kamar.senders import Sender
from services.ingest.state import IngestState
from shared.moments import repository as moments
from shared.web.problems import ProblemError
from shared.worklist import repository as worklist

log = structlog.get_logger()

DOCUMENT: Final = "kamar-document"
"""The kind of work that processes a document."""

CHUNK: Final = 256 * 1024
CHUNKS_AT_ONCE: Final = 4

ANOTHER_SCHOOL: Final = "another-school"


@dataclass
class Arrival:
    """One document on its way in."""

    sender: Sender
    state: IngestState
    received_at: datetime
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    size: int = 0

    async def take(self, pieces: AsyncIterator[bytes]) -> Envelope:
        """Takes the body to its end, and answers. Raises ProblemError for what can't be taken."""
        head, header = await self._head(pieces)
        numbers = header.school_numbers()
        if numbers and self.sender.school not in numbers.values():
            await self._refuse(header)
            raise ProblemError(HTTPStatus.FORBIDDEN, ANOTHER_SCHOOL, "the document is of another school than the credential")
        if header.sync == "check":
            await self._note(header.sync)
            settings = self.state.settings
            return envelope.ready(settings.kamar_info_url, settings.kamar_privacy_statement, settings.kamar_country)
        if header.sync is not None and header.sync not in PROCESSED:
            async for piece in pieces:
                self.size += len(piece)
            await self._note(header.sync)
            return envelope.ok()
        await self._store(header.sync or "unknown", head, pieces)
        return envelope.ok()

    async def _head(self, pieces: AsyncIterator[bytes]) -> tuple[bytes, Header]:
        """Reads until the document has said what it is and whose."""
        head, probe = bytearray(), Document()
        try:
            async for piece in pieces:
                self.size += len(piece)
                head += piece
                probe.feed(piece[:HEAD])
                known = probe.header.sync is not None and probe.header.schools is not None
                if known or probe.take() or self.size >= HEAD:
                    return bytes(head), probe.header
            probe.finish()
        except BrokenDocumentError as error:
            if probe.header.sync is None:
                raise ProblemError(HTTPStatus.BAD_REQUEST, "malformed", "the document can't be read") from error
        return bytes(head), probe.header

    async def _store(self, sync: str, head: bytes, pieces: AsyncIterator[bytes]) -> None:
        now = self.state.clock()
        async with self.state.engine.begin() as connection:
            await documents.begin(connection, self.id, self.sender.school, self.sender.username, self.received_at)
        try:
            chunks = await self._store_pieces(head, pieces)
            async with self.state.engine.begin() as connection:
                # First, as who settles a document may hold the moment when it asks for the lock.
                received_at = await moments.next_of(connection, self.sender.school, self.received_at)
                await documents.lock_school(connection, self.sender.school)
                await documents.arrived(connection, self.id, sync, received_at, chunks, self.size)
                # One at a time and in order: who settles the one before puts this one on the list.
                if not await documents.others_wait(connection, self.id, self.sender.school):
                    await worklist.add(connection, DOCUMENT, self.id, now, now)
        except BaseException:
            # Of no use any more. Should this fail as well, retention deletes it later.
            async with self.state.engine.begin() as connection:
                await documents.drop(connection, self.id)
            raise
        log.info("kamar.received", document=str(self.id), school=self.sender.school, sync=sync, bytes=self.size)

    async def _store_pieces(self, head: bytes, pieces: AsyncIterator[bytes]) -> int:
        scrubber, waiting, chunks = Scrubber(), bytearray(), 0
        waiting += scrubber.feed(head)
        async for piece in pieces:
            self.size += len(piece)
            waiting += scrubber.feed(piece)
            while len(waiting) >= CHUNK * CHUNKS_AT_ONCE:
                chunks = await self._store_chunks(chunks, waiting, CHUNK * CHUNKS_AT_ONCE)
        waiting += scrubber.end()
        while waiting:
            chunks = await self._store_chunks(chunks, waiting, CHUNK * CHUNKS_AT_ONCE)
        return chunks

    async def _store_chunks(self, first: int, waiting: bytearray, most: int) -> int:
        chunks = [bytes(waiting[start : start + CHUNK]) for start in range(0, min(len(waiting), most), CHUNK)]
        del waiting[:most]
        async with self.state.engine.begin() as connection:
            await documents.add_chunks(connection, self.id, first, chunks)
        return first + len(chunks)

    async def _note(self, sync: str) -> None:
        async with self.state.engine.begin() as connection:
            await documents.note(connection, self.id, self.sender.school, self.sender.username, sync, self.size, self.received_at)

    async def _refuse(self, header: Header) -> None:
        refusals = Refusals()
        refusals.add(ANOTHER_SCHOOL, "the document is of another school than the credential")
        async with self.state.engine.begin() as connection:
            await documents.note(
                connection,
                self.id,
                self.sender.school,
                self.sender.username,
                header.sync or "unknown",
                self.size,
                self.received_at,
                error=ANOTHER_SCHOOL,
            )
            await report(connection, self.id, self.sender.school, refusals, self.received_at)
        log.warning("kamar.another_school", document=str(self.id), school=self.sender.school)
