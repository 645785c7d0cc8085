"""The school's responses on STAR records: recorded, put right, and taken back."""

import uuid
from dataclasses import asdict, replace
from datetime import datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Responder
from services.thresholds.plans import repository as plans
from services.thresholds.plans.activities import repository as activities
from services.thresholds.records import announcements
from services.thresholds.records.history import repository as history
from services.thresholds.records.history.changes import NewStep, changes
from services.thresholds.records.permission import permitted_record
from services.thresholds.records.responses import repository as responses
from services.thresholds.records.responses.recordable import UnrecordableError, check, chosen
from services.thresholds.records.responses.response import RecordedResponse
from services.thresholds.records.responses.schemas import ResponseIn, ResponsePatch
from services.thresholds.records.showing import context_of, records_out
from services.thresholds.records.star_records.record import Record
from services.thresholds.records.star_records.schemas import StarRecord
from services.thresholds.state import State, ThresholdsState
from shared.audit.log import Access, Action, log_access
from shared.auth.principal import Principal
from shared.events.envelope import Event
from shared.outbox import repository as outbox
from shared.web.door import Router
from shared.web.problems import ProblemError

router = Router(tags=["STAR records"])

IN_HISTORY: Final = ("activity", "label", "standard", "occurred_on", "staff", "note")
"""The fields of a response whose changes the record's history keeps."""


@router.post("/v1/star-records/{record_id}/responses", status_code=HTTPStatus.CREATED, summary="Record a response activity")
async def add_response(record_id: UUID, body: ResponseIn, state: State, caller: Responder) -> StarRecord:
    """Records what the school did. It goes to the Ministry with the week's upload, without staff and note."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id, lock=True)
        now = state.clock()
        label, standard = await _meaning(connection, record, body.activity)
        response = RecordedResponse(
            id=uuid.uuid4(),
            record_id=record_id,
            label=label,
            standard=standard,
            **body.model_dump(),
            recorded_by=caller.subject,
            recorded_at=now,
        )
        await _check(connection, record, response, state)
        await responses.add(connection, response)
        fields = {name: value for name, value in asdict(response).items() if name in IN_HISTORY and value is not None}
        step = NewStep("response-recorded", changes({}, fields), response.id)
        event = announcements.response_recorded(record, response)
        return await _written_down(connection, record, "record-response", step, event, caller, now)


@router.patch("/v1/star-records/{record_id}/responses/{response_id}", summary="Put a response activity right")
async def amend_response(record_id: UUID, response_id: UUID, body: ResponsePatch, state: State, caller: Responder) -> StarRecord:
    """You may put right what you recorded; with the role `manage`, anybody's. The record's history keeps how it read before."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id, lock=True)
        before = await _own(connection, record_id, response_id, caller)
        if not before.stands:
            raise ProblemError(HTTPStatus.CONFLICT, "response-withdrawn", "this response was withdrawn: record it anew")
        now = state.clock()
        after = replace(before, **body.model_dump(exclude_unset=True))
        if after.activity != before.activity:
            # A response whose activity stays keeps its label, whatever the list has today.
            label, standard = await _meaning(connection, record, after.activity)
            after = replace(after, label=label, standard=standard)
        await _check(connection, record, after, state)
        changed = changes(_in_history(before), _in_history(after))
        event = None
        if changed:
            after = replace(after, amended_at=now)
            await responses.amend(connection, after)
            if not announcements.RESPONSE_FIELDS.isdisjoint(changed):
                event = announcements.response_amended(record, after, now)
        step = NewStep("response-changed", changed, response_id)
        return await _written_down(connection, record, "change-response", step, event, caller, now)


@router.delete("/v1/star-records/{record_id}/responses/{response_id}", summary="Withdraw a response activity")
async def withdraw_response(record_id: UUID, response_id: UUID, state: State, caller: Responder) -> StarRecord:
    """For a response that was recorded by mistake. It stays on file, and is shown with `include_withdrawn=true` only."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id, lock=True)
        await _own(connection, record_id, response_id, caller)
        now = state.clock()
        withdrawn = await responses.withdraw(connection, response_id, caller.subject, now)
        changed = changes({"withdrawn": False}, {"withdrawn": True}) if withdrawn else {}
        event = announcements.response_withdrawn(record, response_id, now) if withdrawn else None
        step = NewStep("response-withdrawn", changed, response_id)
        return await _written_down(connection, record, "withdraw-response", step, event, caller, now)


def _in_history(response: RecordedResponse) -> dict[str, object]:
    return {name: getattr(response, name) for name in IN_HISTORY}


async def _own(connection: AsyncConnection, record_id: UUID, response_id: UUID, caller: Principal) -> RecordedResponse:
    response = await responses.get(connection, record_id, response_id)
    if response is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-response", "there is no such response on this STAR record")
    if response.recorded_by != caller.subject:
        caller.require_role("manage")
    return response


async def _meaning(connection: AsyncConnection, record: Record, activity: str) -> tuple[str, str]:
    """The label and standard code of an activity that the school offers on this record."""
    own, plan = await activities.of_school(connection, record.school), await plans.published(connection, record.school)
    try:
        entry = chosen(own, activity, record.threshold, plan)
    except UnrecordableError as error:
        raise _unrecordable(error) from error
    return entry.label, entry.standard


async def _check(connection: AsyncConnection, record: Record, response: RecordedResponse, state: ThresholdsState) -> None:
    context = await context_of(connection, record.school, state.clock())
    try:
        check(response.standard, response.occurred_on, response.note, context.today)
    except UnrecordableError as error:
        raise _unrecordable(error) from error


def _unrecordable(error: UnrecordableError) -> ProblemError:
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, error.kind, str(error))


async def _written_down(
    connection: AsyncConnection,
    record: Record,
    action: Action,
    step: NewStep,
    event: Event | None,
    caller: Principal,
    now: datetime,
) -> StarRecord:
    """Keeps the step in the record's history, publishes the event, and answers the record as it is now."""
    if step.changes:
        await history.add(connection, record.id, step, caller.subject, now)
    if event is not None:
        await outbox.add(connection, [event.encode()])
    access = Access(action=action, school=record.school, students=[record.student], record_id=record.id, fields=step.changes.keys())
    await log_access(connection, caller, access, now)
    context = await context_of(connection, record.school, now)
    (answer,) = await records_out(connection, context, [record])
    return answer
