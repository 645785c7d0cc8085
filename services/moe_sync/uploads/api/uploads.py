"""A school's uploads: what went, what came back, what would go now; and a run by hand."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.access import Reader, Runner, existing
from services.moe_sync.roster.repository import preferences, schools
from services.moe_sync.roster.schemas import PageQuery
from services.moe_sync.roster.school import School
from services.moe_sync.roster.week import Week, opens_at, term_of
from services.moe_sync.state import MoeSyncState, State
from services.moe_sync.uploads.api.lookup import upload_of
from services.moe_sync.uploads.api.on_record import log_document, log_upload
from services.moe_sync.uploads.api.shown import listed, shown
from services.moe_sync.uploads.building import Wanted, build, drafts
from services.moe_sync.uploads.effective_adapter import effective_adapter
from services.moe_sync.uploads.repository import upload_log
from services.moe_sync.uploads.schemas import DocumentOut, PreviewQuery, RunIn, SchoolUploads, UploadListed, UploadOut
from shared.web.cursors import number, read_cursor
from shared.web.door import Router, known_school_number
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page, page_of
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath

MOST_SCHOOLS: Final = 100

router = Router(tags=["uploads"])


@router.get("/v1/schools/{school}/uploads", summary="A school's uploads")
async def list_uploads(school: SchoolInPath, state: State, caller: Reader, query: Annotated[PageQuery, Query()]) -> Page[UploadListed]:
    """Newest first, without their items."""
    caller.require_school(school)
    before = read_cursor(query.cursor, number(18))
    async with state.engine.connect() as connection:
        existing(await schools.get(connection, school))
        adapter = effective_adapter(await preferences.get(connection, school), state.settings)
        rows = await upload_log.page(connection, school, before, query.limit + 1)
    return page_of(rows, query.limit, lambda upload: upload.place).map(lambda upload: listed(upload, adapter))


@router.post(
    "/v1/schools/{school}/uploads",
    status_code=HTTPStatus.ACCEPTED,
    summary="Build and send a week now",
    responses={
        HTTPStatus.OK: {"model": UploadOut, "description": "Nothing changed since: the week's newest upload"},
        **refuses("week-not-begun", "week-outside-term"),
    },
)
async def run_upload(school: SchoolInPath, body: RunIn, state: State, caller: Runner, response: Response) -> UploadOut:
    """Builds an upload of everything that changed up to now and was not sent, under this week, as its next number.

    So a late change goes with its own week; without a run by hand it goes with the next window. 202 with the upload, which is sent once
    the school's earlier uploads are; 200 with the week's newest upload when nothing has changed since.
    """
    caller.require_school(school)
    now = state.clock()
    async with state.engine.begin() as connection:
        wanted = _wanted(existing(await schools.lock(connection, school)), Week.parse(body.week), now)
        upload = (await build(connection, [wanted], now)).get(school)
        if upload is None:
            response.status_code = HTTPStatus.OK
            newest = await upload_log.newest_of_weeks(connection, {str(school): str(wanted.week)})
            upload = newest[school].id
        await log_upload(connection, caller, "run-upload", await upload_of(connection, upload, caller), now)
        return await _shown(connection, upload, state)


@router.get("/v1/schools/{school}/uploads/preview", summary="The upload that would go now")
async def preview_upload(school: SchoolInPath, state: State, caller: Reader, query: Annotated[PreviewQuery, Query()]) -> DocumentOut:
    """The document that a run by hand would build at this moment, each item with its change; nothing is kept.

    National student numbers are not shown, but the checksum covers them.
    """
    caller.require_school(school)
    now = state.clock()
    async with state.engine.begin() as connection:
        known = existing(await schools.get(connection, school))
        named = Week.parse(query.week) if query.week is not None else Week.of(now.astimezone(known.zone).date())
        made = await drafts(connection, [_wanted(known, named, now)], now)
        await log_document(connection, caller, "preview-upload", school, made[school].document, now)
    return DocumentOut.model_validate(msgspec.to_builtins(made[school].document))


@router.get("/v1/upload-summaries", summary="The newest uploads of your schools", responses=refuses("unknown-school"))
async def list_upload_summaries(
    state: State,
    caller: Reader,
    school: Annotated[list[str], Query(min_length=1, max_length=MOST_SCHOOLS, description="School numbers; those of others are left out")],
) -> Page[SchoolUploads]:
    """How the weekly upload stands at each, in the order of the schools' numbers."""
    named = sorted({number for number in map(known_school_number, school) if caller.may_see(number)})
    async with state.engine.connect() as connection:
        rows = await upload_log.newest(connection, named)
    return Page(items=[SchoolUploads.model_validate(row) for row in rows], next=None)


@router.get("/v1/uploads/{upload}", summary="One upload")
async def get_upload(upload: UUID, state: State, caller: Reader) -> UploadOut:
    """The upload with its items as they were sent, the Ministry's answer, and the last attempts."""
    async with state.engine.begin() as connection:
        stored = await upload_of(connection, upload, caller)
        await log_upload(connection, caller, "read-upload", stored, state.clock())
        return await _shown(connection, upload, state)


async def _shown(connection: AsyncConnection, upload: UUID, state: MoeSyncState) -> UploadOut:
    shown_upload = await shown(connection, upload, state.settings)
    if shown_upload is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-upload", "there is no such upload")
    return shown_upload


def _wanted(school: School, week: Week, now: datetime) -> Wanted:
    """The week with its term. Raises ProblemError 422 for a week that has not begun, or that lies in no term."""
    if now < opens_at(week, school.zone):
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "week-not-begun", "this week has not begun yet at the school")
    term = term_of(week, school.terms)
    if term is None:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "week-outside-term", "this week lies in none of the school's terms")
    # All that has been heard of, whatever the clocks say that it came by.
    return Wanted(school, week, term, None)
