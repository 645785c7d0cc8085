"""Certificates of what was sent."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.access import Reader, existing
from services.moe_sync.roster.repository import schools
from services.moe_sync.roster.schemas import Body
from services.moe_sync.roster.school import School
from services.moe_sync.state import MoeSyncState, State
from services.moe_sync.uploads.api.lookup import upload_of
from services.moe_sync.uploads.certificates import CertificateOut, keep_until, page_of
from services.moe_sync.uploads.document import decode_document
from services.moe_sync.uploads.repository import upload_log
from services.moe_sync.uploads.schemas import ChangesOut, CountsOut
from shared.web.problems import ProblemError

router = APIRouter(tags=["certificates"])


class CertificateQuery(Body):
    """Data, or a page to print."""

    format: Literal["json", "pdf"] = "json"


@router.get(
    "/v1/uploads/{upload}/certificate",
    summary="Certificate of what was sent",
    response_model=CertificateOut,
    responses={HTTPStatus.OK: {"content": {"application/pdf": {}}}},
)
async def certificate(upload: UUID, state: State, caller: Reader, query: Annotated[CertificateQuery, Query()]) -> Response:
    """What, when, which way, the digests and the receipt; 409 until the Ministry has taken the upload. `format=pdf` for a page."""
    async with state.engine.connect() as connection:
        row = await upload_of(connection, upload, caller)
        if row["status"] not in {"accepted", "partly-accepted"}:
            raise ProblemError(HTTPStatus.CONFLICT, "not-accepted", "only what has been accepted has a certificate")
        school = existing(await schools.get(connection, row["school"]))
        found = await _certificate(connection, state, row, school)
    name = f"star-upload-{found.school}-{found.week}-{found.number}-certificate"
    headers = {"Cache-Control": "no-store"}
    if query.format == "json":
        return JSONResponse(found.model_dump(mode="json"), headers=headers)
    page = await asyncio.to_thread(page_of, found, school.zone)
    headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return Response(page, media_type="application/pdf", headers=headers)


async def _certificate(connection: AsyncConnection, state: MoeSyncState, row: RowMapping, school: School) -> CertificateOut:
    document = decode_document(row["body"])
    return CertificateOut(
        upload=row["id"],
        school=row["school"],
        school_name=school.name,
        term=row["term"],
        week=row["week"],
        number=row["number"],
        format=document.format,
        format_version=document.version,
        built_at=row["created_at"],
        answered_at=row["sent_at"],
        status=row["status"],
        adapter=row["adapter"],
        idempotency_key=str(row["id"]),
        document_digest=row["digest"].hex(),
        checksum=row["checksum"],
        receipt=row["receipt"],
        counts=CountsOut(records=row["records"], responses=row["responses"]),
        changes=ChangesOut(new=row["new"], amended=row["amended"], withdrawn=row["withdrawn"]),
        rejected=len(await upload_log.rejects_of(connection, row["id"])),
        attempts=await upload_log.count_attempts(connection, row["id"]),
        marked_by=row["marked_by"],
        note=row["note"],
        keep_until=keep_until(row["sent_at"], state.settings.upload_retention),
    )
