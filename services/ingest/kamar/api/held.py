"""The parts of KAMAR's pushes that would move much: held, listed with their effect, and released or discarded by a person."""

import uuid
from http import HTTPStatus
from typing import Annotated, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.kamar.departures import Departures
from services.ingest.kamar.repository import held
from services.ingest.kamar.repository.held import HeldState
from services.ingest.kamar.schemas import Discarding, HeldChangeOut
from services.ingest.schools import repository as schools
from services.ingest.state import IngestState, State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber
from shared.web.cursors import PageLimit, moment, read_cursor
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page, page_of
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["KAMAR"])

Admin = Annotated[Principal, requires("roster:write", role="admin")]


@router.get("/v1/schools/{school}/held-changes", summary="List what waits for a decision before it moves much")
async def list_held_changes(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("roster:write")],
    status: HeldState | None = None,
    cursor: str | None = None,
    limit: PageLimit = 50,
) -> Page[HeldChangeOut]:
    """Newest first. A change is held when a push would take a tenth of the school off the roll, or move many totals; the rest of the push
    is applied. A newer push that says something else supersedes it."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        rows = await held.page(connection, school, status, read_cursor(cursor, moment, uuid.UUID), limit + 1)
        page = page_of(rows, limit, lambda row: (row["received_at"], row["id"])).map(HeldChangeOut.model_validate)
        students = {student for item in page.items for student in (*item.students_off, *item.students_redated)}
        await log_access(connection, caller, Access(action="read-held-changes", school=school, students=students), state.clock())
    return page


@router.post(
    "/v1/schools/{school}/held-changes/{change_id}/release",
    summary="Make a held change",
    responses=refuses("change-settled"),
)
async def release_held_change(school: SchoolInPath, change_id: uuid.UUID, state: State, caller: Admin) -> HeldChangeOut:
    """Makes the change for the students of the list who are still missing, or still have those dates."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        change = await _held(connection, school, change_id)
        departures = await _departures(connection, school, change, state)
        listed = {*change["students_off"], *change["students_redated"]}
        pending = await departures.pending(connection, lock=True)
        await departures.make(connection, pending.only(listed))
        await held.settle(connection, change_id, "released", caller.subject, None, state.clock())
        await log_access(connection, caller, Access(action="release-change", school=school, students=listed), state.clock())
        return await _shown(connection, change_id)


@router.post(
    "/v1/schools/{school}/held-changes/{change_id}/discard",
    summary="Leave a held change unmade",
    responses=refuses("change-settled"),
)
async def discard_held_change(school: SchoolInPath, change_id: uuid.UUID, body: Discarding, state: State, caller: Admin) -> HeldChangeOut:
    """Nobody leaves, and dates stay. If the next push says the same, it is not held again; correct it in KAMAR."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        change = await _held(connection, school, change_id)
        await held.settle(connection, change_id, "discarded", caller.subject, body.why, state.clock())
        listed = {*change["students_off"], *change["students_redated"]}
        await log_access(connection, caller, Access(action="discard-change", school=school, students=listed), state.clock())
        return await _shown(connection, change_id)


async def _held(connection: AsyncConnection, school: SchoolNumber, change_id: uuid.UUID) -> Any:
    change = await held.get(connection, change_id, lock=True)
    if change is None or change["school"] != school:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-change", "the school has no such change")
    if change["state"] != "held":
        raise ProblemError(HTTPStatus.CONFLICT, "change-settled", f"the change is {change['state']}")
    return change


async def _shown(connection: AsyncConnection, change_id: uuid.UUID) -> HeldChangeOut:
    return HeldChangeOut.model_validate(await held.get(connection, change_id))


async def _departures(connection: AsyncConnection, school: SchoolNumber, change: Any, state: IngestState) -> Departures:
    stored = await schools.stored(connection, school)
    assert stored is not None
    now, quiet = state.clock(), state.settings.kamar_quiet_words
    today = stored.read().calendar().today(now)
    return Departures(school, change["document"], now, today, quiet, whole=True)
