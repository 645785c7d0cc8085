"""Builds uploads in the caller's transaction: chooses, encodes once, keeps the bytes, and puts each in its school's queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from msgspec.structs import asdict
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.items import repository as items
from services.moe_sync.roster.repository import national_numbers
from services.moe_sync.roster.school import School
from services.moe_sync.roster.week import Week
from services.moe_sync.uploads.batches import Batch, document_of, select, settle
from services.moe_sync.uploads.document import Document, decode_document, digest_of, encode_document, has_nsn, sealed, without_nsn
from services.moe_sync.uploads.repository import sending, upload_log, uploads
from services.moe_sync.uploads.repository.sending import ToSend
from services.moe_sync.uploads.repository.upload_log import NewestUpload
from services.moe_sync.uploads.repository.uploads import Built
from shared.attendance.calendar import Term
from shared.identifiers import upload_key

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Wanted:
    """An upload to build: of a school's week, with what became so until a moment, or (None) with all that is there."""

    school: School
    week: Week
    term: Term
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Draft:
    """An upload before it is stored. `newest` is the last one of the same week; not `first` when others still wait for their answers."""

    document: Document
    batch: Batch
    newest: NewestUpload | None
    first: bool

    @property
    def is_needed(self) -> bool:
        """Whether it has to be sent: it holds something, or nothing that stands has been said for the week yet."""
        return not self.batch.empty or self.newest is None or self.newest.status == "refused"


async def drafts(connection: AsyncConnection, wanted: Sequence[Wanted], now: datetime) -> dict[str, Draft]:
    """The uploads that would be built, one a school, by school."""
    numbers = [upload.school.school for upload in wanted]
    newest = await upload_log.newest_of_weeks(connection, {upload.school.school: str(upload.week) for upload in wanted})
    waiting = await uploads.unanswered(connection, numbers)
    candidates_by_school = await items.candidates(connection, {upload.school.school: upload.until for upload in wanted})
    batches = {school: select(*candidates) for school, candidates in candidates_by_school.items()}
    students = {going.item.student_id for batch in batches.values() for going in batch.records}
    with_nsns, nsns = await national_numbers.of_students(connection, numbers, sorted(students))
    made: dict[str, Draft] = {}
    for upload in wanted:
        number = upload.school.school
        before = newest.get(number)
        document = document_of(
            batches[number],
            school=number,
            term=upload.term.name,
            week=str(upload.week),
            number=1 if before is None else before.number + 1,
            created_at=now.astimezone(upload.school.zone),
            nsns=nsns if number in with_nsns else None,
        )
        made[number] = Draft(document, batches[number], before, number not in waiting)
    return made


async def build(connection: AsyncConnection, wanted: Sequence[Wanted], now: datetime) -> dict[str, UUID]:
    """Builds the uploads of schools' weeks and queues them; a school is missing when its week's newest upload has said it all.

    The caller holds the schools' locks.
    """
    made = await drafts(connection, wanted, now)
    built = [_built(draft, now) for draft in made.values() if draft.is_needed]
    if built:
        await uploads.add(connection, built)
        await uploads.queue_next(connection, [upload.school for upload in built], now)
    # All in one statement, which locks in order: so it never waits crosswise with another writer of items.
    going = [(item, revision) for upload in built for item, revision, _ in upload.going]
    await items.include(connection, [*going, *(item for draft in made.values() for item in draft.batch.moot)])
    for upload in built:
        log.info(
            "upload.built",
            upload=str(upload.id),
            school=upload.school,
            week=upload.week,
            number=upload.number,
            records=upload.records,
            responses=upload.responses,
        )
    return {upload.school: upload.id for upload in built}


async def seal(connection: AsyncConnection, upload: UUID, as_built: ToSend) -> ToSend:
    """The upload as it stays from now on: what is new in it, now that all before it have been answered. The caller holds the lock.

    Until here it was not known what the receiver would have taken by then, and nobody had seen the bytes.
    """
    if as_built.sealed:
        return as_built
    batch = await uploads.batch_of(connection, upload)
    records = {going.item.record_id for going in batch.responses}
    accepted = await items.accepted_of(connection, records.union(item for item, _, _ in batch.going))
    settled, waiting = settle(batch, accepted)
    if settled.going == batch.going:
        await sending.seal(connection, upload)
        return as_built
    built_at = decode_document(as_built.body).created_at
    with_nsns, nsns = await national_numbers.of_students(
        connection, [as_built.school], sorted({going.item.student_id for going in settled.records})
    )
    document = document_of(
        settled,
        school=as_built.school,
        term=as_built.term,
        week=as_built.week,
        number=as_built.number,
        created_at=built_at,
        nsns=nsns if with_nsns else None,
    )
    body = encode_document(document)
    rewritten = _of(document, batch=settled, created_at=as_built.created_at, body=body, stays=True)
    await uploads.rewrite(connection, rewritten)
    await items.put_back(connection, waiting)
    log.info("upload.sealed", upload=str(upload), school=as_built.school, records=rewritten.records, responses=rewritten.responses)
    return ToSend(
        as_built.school,
        as_built.term,
        as_built.week,
        as_built.number,
        as_built.created_at,
        body,
        rewritten.digest,
        sealed=True,
        delivered=as_built.delivered,
    )


async def take_numbers_out(connection: AsyncConnection, school: str) -> None:
    """Writes the uploads of a school that no attempt has been made at without national student numbers. The caller holds the lock."""
    for upload, body in await sending.unsealed_of(connection, school):
        document = decode_document(body)
        if has_nsn(document):
            plain = sealed(without_nsn(document))
            written = encode_document(plain)
            await sending.rewrite_body(connection, upload, written, digest_of(written), plain.checksum)


def _built(draft: Draft, now: datetime) -> Built:
    return _of(draft.document, batch=draft.batch, created_at=now, body=encode_document(draft.document), stays=draft.first)


def _of(document: Document, *, batch: Batch, created_at: datetime, body: bytes, stays: bool) -> Built:
    return Built(
        id=upload_key(document.school, document.week, document.number),
        school=document.school,
        term=document.term,
        week=document.week,
        number=document.number,
        created_at=created_at,
        body=body,
        digest=digest_of(body),
        checksum=document.checksum,
        records=document.counts.records,
        responses=document.counts.responses,
        sealed=stays,
        going=batch.going,
        **asdict(document.changes),
    )
