"""Builds an upload in the caller's transaction: chooses, encodes once, keeps the bytes, and puts it in its school's queue."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.batches import Batch, document_of, select
from services.moe_sync.document import Document, digest_of, encode_document
from services.moe_sync.repository import items, uploads
from services.moe_sync.schools import School
from services.moe_sync.windows import Week
from shared.attendance.calendar import Term
from shared.identifiers import upload_key
from shared.worklist import repository as worklist

log = structlog.get_logger()

UPLOAD: Final = "upload"
"""The kind of work that sends an upload. Its item has the upload's id."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an upload would be. `newest` is the last one of the same week."""

    document: Document
    batch: Batch
    newest: RowMapping | None

    @property
    def says_something(self) -> bool:
        """Whether it has to be sent: it holds something, or nothing that stands has been said for the week yet."""
        return not self.batch.empty or self.newest is None or self.newest["status"] == "refused"


async def draft(connection: AsyncConnection, school: School, week: Week, term: Term, *, until: datetime, now: datetime) -> Draft:
    """The upload that would be built with what became so until a moment."""
    newest = await uploads.newest_of_week(connection, school.school, str(week))
    batch = select(*await items.candidates(connection, school.school, until))
    document = document_of(
        batch,
        school=school.school,
        term=term.name,
        week=str(week),
        number=1 if newest is None else newest["number"] + 1,
        created_at=now.astimezone(school.zone),
    )
    return Draft(document, batch, newest)


async def build(connection: AsyncConnection, school: School, week: Week, term: Term, *, until: datetime, now: datetime) -> UUID | None:
    """Builds the upload of a week and queues it; None when the week's newest upload has said it all.

    The caller holds the school's lock.
    """
    made = await draft(connection, school, week, term, until=until, now=now)
    if not made.says_something:
        return None
    document = made.document
    body = encode_document(document)
    built = uploads.Built(
        id=upload_key(document.school, document.week, document.number),
        school=document.school,
        term=document.term,
        week=document.week,
        number=document.number,
        created_at=now,
        body=body,
        digest=digest_of(body),
        records=document.counts.records,
        responses=document.counts.responses,
        revisions=made.batch.revisions,
    )
    await uploads.add(connection, built)
    await items.include(connection, built.revisions)
    await queue_next(connection, school.school, now)
    log.info(
        "upload.built",
        upload=str(built.id),
        school=built.school,
        week=built.week,
        number=built.number,
        records=built.records,
        responses=built.responses,
    )
    return built.id


async def queue_next(connection: AsyncConnection, school: str, now: datetime) -> None:
    """Puts the school's oldest unsent upload on the worklist; the ones after it come when it is settled.

    The caller holds the school's lock.
    """
    upload = await uploads.next_to_send(connection, school)
    if upload is not None:
        await worklist.add(connection, UPLOAD, upload, now, now)
