"""Certificates of what was sent."""

import asyncio
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.responses import JSONResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.access import Reader, existing
from services.moe_sync.roster.repository import schools
from services.moe_sync.roster.school import School
from services.moe_sync.state import MoeSyncState, State
from services.moe_sync.uploads.api.lookup import upload_of
from services.moe_sync.uploads.certificates import keep_until, page_of
from services.moe_sync.uploads.document import decode_document
from services.moe_sync.uploads.repository import upload_log
from services.moe_sync.uploads.repository.upload_log import WholeUpload
from services.moe_sync.uploads.schemas import CertificateOut, CertificateQuery, ChangesOut, CountsOut
from shared.web.door import Router
from shared.web.headers import disposition
from shared.web.openapi.refusals import refuses
from shared.web.openapi.successes import sends
from shared.web.problems import ProblemError

router = Router(tags=["certificates"])


@router.get(
    "/v1/uploads/{upload}/certificate",
    summary="Certificate of an upload",
    response_model=CertificateOut,
    responses={
        **sends("The certificate; as a PDF, a page to file.", "application/pdf"),
        **refuses("not-accepted"),
    },
)
async def get_upload_certificate(upload: UUID, state: State, caller: Reader, query: Annotated[CertificateQuery, Query()]) -> Response:
    """Contents, time, adapter, digests and receipt; 409 until the Ministry has accepted the upload. `format=pdf` for a page."""
    async with state.engine.connect() as connection:
        stored = await upload_of(connection, upload, caller)
        if stored.status not in {"accepted", "partly-accepted"}:
            raise ProblemError(HTTPStatus.CONFLICT, "not-accepted", "only what has been accepted has a certificate")
        school = existing(await schools.get(connection, stored.school))
        sent = await _certificate(connection, state, stored, school)
    name = f"star-upload-{sent.school}-{sent.week}-{sent.number}-certificate"
    headers = {"Cache-Control": "no-store"}
    if query.format == "json":
        return JSONResponse(sent.model_dump(mode="json"), headers=headers)
    page = await asyncio.to_thread(page_of, sent, school.zone)
    headers["Content-Disposition"] = disposition("attachment", f"{name}.pdf")
    return Response(page, media_type="application/pdf", headers=headers)


async def _certificate(connection: AsyncConnection, state: MoeSyncState, stored: WholeUpload, school: School) -> CertificateOut:
    document = decode_document(stored.body)
    assert stored.sent_at is not None
    return CertificateOut(
        upload=stored.id,
        school=stored.school,
        school_name=school.name,
        term=stored.term,
        week=stored.week,
        number=stored.number,
        format=document.format,
        format_version=document.version,
        built_at=stored.created_at,
        answered_at=stored.sent_at,
        status=stored.status,
        adapter=stored.adapter,
        idempotency_key=str(stored.id),
        document_digest=stored.digest.hex(),
        checksum=stored.checksum,
        receipt=stored.receipt,
        counts=CountsOut(records=stored.records, responses=stored.responses),
        changes=ChangesOut(new=stored.new, amended=stored.amended, withdrawn=stored.withdrawn),
        rejected=len(await upload_log.rejects_of(connection, stored.id)),
        attempts=await upload_log.count_attempts(connection, stored.id),
        marked_by=stored.marked_by,
        note=stored.note,
        keep_until=keep_until(stored.sent_at, state.settings.upload_retention),
    )
