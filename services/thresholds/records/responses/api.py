"""The school's responses on STAR records: recorded, put right, and taken back."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Responder
from services.thresholds.records import announcements
from services.thresholds.records.history import repository as history
from services.thresholds.records.history.changes import NewStep, changes
from services.thresholds.records.permission import permitted_record
from services.thresholds.records.responses import recording
from services.thresholds.records.responses import repository as responses
from services.thresholds.records.responses.recording import checked, meaning, record_response
from services.thresholds.records.responses.repeating import id_for, is_same
from services.thresholds.records.responses.response import IN_HISTORY, RecordedResponse
from services.thresholds.records.responses.schemas import ResponseIn, ResponsePatch
from services.thresholds.records.showing import context_of, records_out
from services.thresholds.records.star_records.record import Record
from services.thresholds.records.star_records.schemas import StarRecord
from services.thresholds.state import State
from shared.audit.log import Access, Action, log_access
from shared.auth.principal import Principal
from shared.moments import repository as moments
from shared.outbox import repository as outbox
from shared.web.door import Router
from shared.web.idempotency import IdempotencyKey
from shared.web.openapi.refusals import refuses
from shared.web.problems import ProblemError

router = Router(tags=["STAR records"])


@router.post(
    "/v1/star-records/{record_id}/responses",
    status_code=HTTPStatus.CREATED,
    summary="Record a response activity",
    response_description="The STAR record, with the response on it.",
    responses=refuses("key-used", "unknown-activity", "activity-not-offered", "future-date", "note-missing"),
)
async def add_response(record_id: UUID, body: ResponseIn, state: State, caller: Responder, key: IdempotencyKey = None) -> StarRecord:
    """Records what the school did. It goes to the Ministry with the week's upload, without staff and note."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id, lock=True)
        now = await moments.next_of(connection, record.school, state.clock())
        context = await context_of(connection, record.school, state.clock())
        if key is not None and (before := await responses.get(connection, record_id, id_for(record_id, key))) is not None:
            if not is_same(before, body):
                raise ProblemError(HTTPStatus.CONFLICT, "key-used", "this Idempotency-Key was sent with another response on this record")
            (answer,) = await records_out(connection, context, [record])
            return answer
        entry = await meaning(connection, record, body.activity)
        step = await record_response(connection, record, entry, body, caller.subject, context.today, now, key)
        return await _answered(connection, record, "record-response", step, caller, now)


@router.patch(
    "/v1/star-records/{record_id}/responses/{response_id}",
    summary="Put a response activity right",
    response_description="The STAR record, with the response as it is now.",
    responses=refuses("response-withdrawn", "unknown-activity", "activity-not-offered", "future-date", "note-missing"),
)
async def amend_response(record_id: UUID, response_id: UUID, body: ResponsePatch, state: State, caller: Responder) -> StarRecord:
    """You may put right what you recorded; with the role `manage`, anybody's. The record's history keeps how it read before."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id, lock=True)
        before = await _own(connection, record_id, response_id, caller)
        if not before.stands:
            raise ProblemError(HTTPStatus.CONFLICT, "response-withdrawn", "this response was withdrawn: record it anew")
        now = await moments.next_of(connection, record.school, state.clock())
        after = replace(before, **body.model_dump(exclude_unset=True))
        if after.activity != before.activity:
            # A response whose activity stays keeps its label, whatever the list has today.
            entry = await meaning(connection, record, after.activity)
            after = replace(after, label=entry.label, standard=entry.standard)
        today = (await context_of(connection, record.school, state.clock())).today
        checked(after.standard, after.occurred_on, after.note, today)
        changed = changes(_in_history(before), _in_history(after))
        step = NewStep("response-changed", changed, response_id)
        if changed:
            after = replace(after, amended_at=now)
            await responses.amend(connection, after)
            await history.add(connection, record.id, step, caller.subject, now)
            if not announcements.RESPONSE_FIELDS.isdisjoint(changed):
                await outbox.add(connection, [announcements.response_amended(record, after, now).encode()])
        return await _answered(connection, record, "change-response", step, caller, now)


@router.delete(
    "/v1/star-records/{record_id}/responses/{response_id}",
    summary="Withdraw a response activity",
    response_description="The STAR record, with the response marked as withdrawn.",
)
async def withdraw_response(record_id: UUID, response_id: UUID, state: State, caller: Responder) -> StarRecord:
    """For a response that was recorded by mistake. It stays on file, and is shown with `include_withdrawn=true` only."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id, lock=True)
        await _own(connection, record_id, response_id, caller)
        now = await moments.next_of(connection, record.school, state.clock())
        step = await recording.withdraw_response(connection, record, response_id, caller.subject, now)
        return await _answered(connection, record, "withdraw-response", step, caller, now)


def _in_history(response: RecordedResponse) -> dict[str, object]:
    return {name: getattr(response, name) for name in IN_HISTORY}


async def _own(connection: AsyncConnection, record_id: UUID, response_id: UUID, caller: Principal) -> RecordedResponse:
    response = await responses.get(connection, record_id, response_id)
    if response is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-response", "there is no such response on this STAR record")
    if response.recorded_by != caller.subject:
        caller.require_role("manage")
    return response


async def _answered(
    connection: AsyncConnection, record: Record, action: Action, step: NewStep, caller: Principal, now: datetime
) -> StarRecord:
    """Logs what was done, and answers the record as it is now."""
    access = Access(action=action, school=record.school, students=[record.student], record_id=record.id, fields=step.changes.keys())
    await log_access(connection, caller, access, now)
    context = await context_of(connection, record.school, now)
    (answer,) = await records_out(connection, context, [record])
    return answer
