"""Uploads carried by hand: their files, and the note that one has been sent."""

import hashlib
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import Path
from fastapi.responses import Response

from services.moe_sync.adapters.interface import Received
from services.moe_sync.roster.access import Admin
from services.moe_sync.roster.repository import preferences, schools
from services.moe_sync.state import State
from services.moe_sync.uploads.answering import keep_answer
from services.moe_sync.uploads.api.lookup import upload_of
from services.moe_sync.uploads.api.on_record import log_upload
from services.moe_sync.uploads.api.shown import shown
from services.moe_sync.uploads.csv_set import files_of, zipped
from services.moe_sync.uploads.document import CONTENT_TYPE, decode_document
from services.moe_sync.uploads.effective_adapter import effective_adapter
from services.moe_sync.uploads.format import schema_bytes
from services.moe_sync.uploads.repository import sending
from services.moe_sync.uploads.repository.upload_log import WholeUpload
from services.moe_sync.uploads.schemas import FileOut, MarkSentIn, UploadOut
from shared.auth.principal import Principal
from shared.telemetry import metrics
from shared.web.door import Router
from shared.web.headers import disposition
from shared.web.openapi.refusals import refuses
from shared.web.openapi.successes import sends
from shared.web.pages import Page
from shared.web.problems import ProblemError
from shared.web.service import requires

router = Router(tags=["files"])

Carrier = Annotated[Principal, requires("star:read", role="admin")]
"""The callers who may have the files: national student numbers can be in them."""

DOCUMENT: Final = "upload.json"
ARCHIVE: Final = "upload.zip"
CSV: Final = "text/csv; charset=utf-8; header=present"


@router.get(
    "/v1/upload-format/schema.json",
    response_class=Response,
    responses=sends("The JSON Schema of an upload's document.", "application/schema+json"),
    summary="The format's JSON Schema",
)
async def get_upload_format() -> Response:
    """JSON Schema 2020-12 of `nz.star.upload.v1`; anybody may read it."""
    return Response(schema_bytes(), media_type="application/schema+json")


@router.get("/v1/uploads/{upload}/files", summary="The files of an upload")
async def list_upload_files(upload: UUID, state: State, caller: Carrier) -> Page[FileOut]:
    """The document as JSON, and the same as three CSV files, alone and in one archive."""
    async with state.engine.connect() as connection:
        stored = await upload_of(connection, upload, caller)
    return Page(
        items=[
            FileOut(
                name=name,
                media_type=media_type,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                as_sent=not stored.redacted,
            )
            for name, (media_type, content) in _files(stored).items()
        ]
    )


@router.get(
    "/v1/uploads/{upload}/files/{name}",
    response_class=Response,
    responses=sends("The file, in the form that its name ends with.", "application/json", "application/zip", "text/csv"),
    summary="One file of an upload",
)
async def get_upload_file(upload: UUID, name: Annotated[str, Path(examples=[DOCUMENT])], state: State, caller: Carrier) -> Response:
    """`upload.json`, `upload.zip`, `manifest.csv`, `records.csv` or `responses.csv`."""
    async with state.engine.begin() as connection:
        stored = await upload_of(connection, upload, caller)
        await log_upload(connection, caller, "read-upload", stored, state.clock())
    file = _files(stored).get(name)
    if file is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-file", "an upload has no file of that name")
    media_type, content = file
    # A name that says what it is, and nothing of persons: it ends up in histories and on shared drives.
    filename = f"star-upload-{stored.school}-{stored.week}-{stored.number}-{name}"
    headers = {"Content-Disposition": disposition("attachment", filename), "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


@router.post(
    "/v1/uploads/{upload}/mark-sent",
    summary="Say that an upload was sent by hand",
    responses=refuses("answered", "not-its-turn", "being-sent"),
)
async def mark_upload_sent(upload: UUID, body: MarkSentIn, state: State, caller: Admin) -> UploadOut:
    """Counts the upload as accepted, with the receipt that the Ministry gave; then the school's next upload is due.

    409 when the upload has been answered, when earlier uploads of the school wait, or while it is being sent.
    """
    now = state.clock()
    async with state.engine.begin() as connection:
        stored = await upload_of(connection, upload, caller)
        await schools.lock(connection, stored.school)
        if await sending.oldest_unsent(connection, stored.school) != upload:
            answered = stored.status not in {"pending", "sending"}
            if answered:
                raise ProblemError(HTTPStatus.CONFLICT, "answered", "this upload has been answered")
            why = "earlier uploads of the school have not been sent: what is new in this one depends on them"
            raise ProblemError(HTTPStatus.CONFLICT, "not-its-turn", why)
        adapter = effective_adapter(await preferences.get(connection, stored.school), state.settings)
        # Of one that goes by hand, a worker only lays the files ready once more.
        if not await sending.take_from_worklist(connection, upload, now) and adapter.name != "folder":
            raise ProblemError(HTTPStatus.CONFLICT, "being-sent", "this upload is being sent at this moment: pause the school first")
        answer = Received(body.receipt, "accepted", ())
        if await keep_answer(connection, upload, answer, now, marked_by=caller.subject, note=body.note) is None:
            raise ProblemError(HTTPStatus.CONFLICT, "answered", "this upload has been answered")
        await log_upload(connection, caller, "mark-upload-sent", stored, now)
        answered_upload = await shown(connection, upload, state.settings)
    assert answered_upload is not None
    metrics.UPLOADS.labels("accepted").inc()
    return answered_upload


def _files(stored: WholeUpload) -> dict[str, tuple[str, bytes]]:
    document = decode_document(stored.body)
    tables = {name: (CSV, content) for name, content in files_of(document).items()}
    return {DOCUMENT: (CONTENT_TYPE, stored.body), ARCHIVE: ("application/zip", zipped(document)), **tables}
