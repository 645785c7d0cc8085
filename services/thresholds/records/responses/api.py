"""The school's responses on STAR records: recorded, put right, and taken back."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.audit import Access, Action, note
from services.thresholds.plans import repository as plans
from services.thresholds.plans.activities import repository as activities
from services.thresholds.records import announcements
from services.thresholds.records.history import repository as history
from services.thresholds.records.history.changes import Step, changes
from services.thresholds.records.permission import permitted_record
from services.thresholds.records.responses import repository as responses
from services.thresholds.records.responses.recordable import UnrecordableError, check, chosen
from services.thresholds.records.responses.schemas import ResponseIn, ResponsePatch
from services.thresholds.records.showing import desk_of, shown
from services.thresholds.records.star_records.schemas import StarRecord
from services.thresholds.state import State, ThresholdsState
from shared.auth.principal import Principal
from shared.events.envelope import Event
from shared.identifiers import SchoolNumber
from shared.outbox import repository as outbox
from shared.web.problems import ProblemError
from shared.web.service import requires

router = APIRouter(tags=["STAR records"])

Responder = Annotated[Principal, requires("star:write", role="respond", by_group=True)]

RECORDED: Final = ("activity", "label", "standard", "occurred_on", "staff", "note")


@router.post("/v1/star-records/{record_id}/responses", status_code=HTTPStatus.CREATED, summary="Record a response activity")
async def add_response(record_id: UUID, body: ResponseIn, state: State, caller: Responder) -> StarRecord:
    """Keeps what the school did; it goes to the Ministry with the week's upload, without staff and note."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id, lock=True)
        now = state.clock()
        response = await _read(connection, record, body.model_dump(), state)
        response |= {"id": uuid.uuid4(), "record_id": record_id, "recorded_by": caller.subject, "recorded_at": now}
        await responses.add(connection, response)
        changed = changes({}, {name: response[name] for name in RECORDED if response[name] is not None})
        step = Step("response-recorded", changed, response["id"])
        event = announcements.response_recorded(dict(record), response)
        return await _done(connection, record, "record-response", step, event, caller, now, state)


@router.patch("/v1/star-records/{record_id}/responses/{response_id}", summary="Put a response activity right")
async def amend_response(record_id: UUID, response_id: UUID, body: ResponsePatch, state: State, caller: Responder) -> StarRecord:
    """Whoever recorded it may; the role `manage` may put right anybody's. What it said before stays in the record's history."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id, lock=True)
        before = await _own(connection, record_id, response_id, caller)
        if before["withdrawn_at"] is not None:
            raise ProblemError(HTTPStatus.CONFLICT, "response-withdrawn", "this response was withdrawn: record it anew")
        now = state.clock()
        asked = {name: before[name] for name in ("activity", "occurred_on", "staff", "note")} | body.model_dump(exclude_unset=True)
        after = await _read(connection, record, asked, state, before)
        changed = changes({name: before[name] for name in RECORDED}, after)
        event = None
        if changed:
            await responses.amend(connection, response_id, after, now)
            if not announcements.RESPONSE_TOLD.isdisjoint(changed):
                event = announcements.response_amended(dict(record), dict(before) | after, now)
        return await _done(connection, record, "change-response", Step("response-changed", changed, response_id), event, caller, now, state)


@router.delete("/v1/star-records/{record_id}/responses/{response_id}", summary="Withdraw a response activity")
async def withdraw_response(record_id: UUID, response_id: UUID, state: State, caller: Responder) -> StarRecord:
    """For what was recorded by mistake. It stays on file, marked as withdrawn, and is shown with `include_withdrawn=true` only."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id, lock=True)
        await _own(connection, record_id, response_id, caller)
        now = state.clock()
        withdrawn = await responses.withdraw(connection, response_id, caller.subject, now)
        changed = changes({"withdrawn": False}, {"withdrawn": True}) if withdrawn else {}
        event = announcements.response_withdrawn(dict(record), response_id, now) if withdrawn else None
        step = Step("response-withdrawn", changed, response_id)
        return await _done(connection, record, "withdraw-response", step, event, caller, now, state)


async def _own(connection: AsyncConnection, record_id: UUID, response_id: UUID, caller: Principal) -> RowMapping:
    response = await responses.get(connection, record_id, response_id)
    if response is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-response", "there is no such response on this STAR record")
    if response["recorded_by"] != caller.subject:
        caller.require_role("manage")
    return response


async def _read(
    connection: AsyncConnection, record: RowMapping, asked: Mapping[str, Any], state: ThresholdsState, before: RowMapping | None = None
) -> dict[str, Any]:
    """The response as it is to be kept. One whose activity stays keeps the label it had, whatever the list says today."""
    desk = await desk_of(connection, SchoolNumber(record["school"]), state.clock())
    try:
        if before is not None and asked["activity"] == before["activity"]:
            label, standard = before["label"], before["standard"]
        else:
            own, plan = await activities.of_school(connection, record["school"]), await plans.published(connection, record["school"])
            activity = chosen(own, asked["activity"], record["threshold"], plan)
            label, standard = activity.label, activity.standard
        check(standard, asked["occurred_on"], asked["note"], desk.today)
    except UnrecordableError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, error.kind, str(error)) from error
    return {**asked, "label": label, "standard": standard}


async def _done(
    connection: AsyncConnection,
    record: RowMapping,
    action: Action,
    step: Step,
    event: Event | None,
    caller: Principal,
    now: datetime,
    state: ThresholdsState,
) -> StarRecord:
    """Writes down what happened, tells the others, and answers the record as it is now."""
    if step.changes:
        await history.add(connection, record["id"], step, caller.subject, now)
    if event is not None:
        await outbox.add(connection, [event.encode()])
    access = Access(
        action=action, school=record["school"], students=[record["student"]], record_id=record["id"], fields=step.changes.keys()
    )
    await note(connection, caller, access, now)
    desk = await desk_of(connection, SchoolNumber(record["school"]), state.clock())
    (answer,) = await shown(connection, desk, [record])
    return answer
