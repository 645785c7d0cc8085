"""Records a response on a STAR record, or withdraws one: checked, kept, written into the record's history, and published.

The caller holds the school's lock, and owns the transaction.
"""

import uuid
from dataclasses import asdict
from datetime import date, datetime
from http import HTTPStatus

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.plans import repository as plans
from services.thresholds.plans.activities import repository as activities
from services.thresholds.plans.activities.activity import Activity
from services.thresholds.records import announcements
from services.thresholds.records.history import repository as history
from services.thresholds.records.history.changes import NewStep, changes
from services.thresholds.records.responses import repository as responses
from services.thresholds.records.responses.recordable import UnrecordableError, check, chosen
from services.thresholds.records.responses.repeating import id_for
from services.thresholds.records.responses.response import IN_HISTORY, RecordedResponse
from services.thresholds.records.responses.schemas import ResponseIn
from services.thresholds.records.star_records.record import Record
from shared.outbox import repository as outbox
from shared.web.problems import ProblemError


async def meaning(connection: AsyncConnection, record: Record, activity: str) -> Activity:
    """The entry of the school's list for an activity that the school offers on this record. Raises ProblemError 422."""
    own, plan = await activities.of_school(connection, record.school), await plans.published(connection, record.school)
    try:
        return chosen(own, activity, record.threshold, plan)
    except UnrecordableError as error:
        raise unrecordable(error) from error


def checked(standard: str, occurred_on: date, note: str | None, today: date) -> None:
    """Raises ProblemError 422 for a day that has not come, and for nothing done without a reason."""
    try:
        check(standard, occurred_on, note, today)
    except UnrecordableError as error:
        raise unrecordable(error) from error


async def record_response(
    connection: AsyncConnection,
    record: Record,
    entry: Activity,
    body: ResponseIn,
    subject: str,
    today: date,
    now: datetime,
    key: str | None = None,
) -> NewStep:
    """Keeps a response with the meaning of its `entry`; answers the step of the record's history, which names it.

    `now` is a moment of the school's. A client's `key` makes the id. Raises ProblemError 422.
    """
    response = RecordedResponse(
        id=id_for(record.id, key),
        record_id=record.id,
        label=entry.label,
        standard=entry.standard,
        **body.model_dump(),
        recorded_by=subject,
        recorded_at=now,
    )
    checked(response.standard, response.occurred_on, response.note, today)
    await responses.add(connection, response)
    fields = {name: value for name, value in asdict(response).items() if name in IN_HISTORY and value is not None}
    step = NewStep("response-recorded", changes({}, fields), response.id)
    await history.add(connection, record.id, step, subject, now)
    await outbox.add(connection, [announcements.response_recorded(record, response).encode()])
    return step


async def withdraw_response(connection: AsyncConnection, record: Record, response_id: uuid.UUID, subject: str, now: datetime) -> NewStep:
    """Takes a response back; answers the step, which has no changes where it was withdrawn before."""
    if not await responses.withdraw(connection, response_id, subject, now):
        return NewStep("response-withdrawn", {}, response_id)
    step = NewStep("response-withdrawn", changes({"withdrawn": False}, {"withdrawn": True}), response_id)
    await history.add(connection, record.id, step, subject, now)
    await outbox.add(connection, [announcements.response_withdrawn(record, response_id, now).encode()])
    return step


def unrecordable(error: UnrecordableError) -> ProblemError:
    """The problem of a response that can't be recorded like this."""
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, error.kind, str(error))
