"""A piece of casework as a response on the student's STAR record: the highest that is open."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.casework.student import Child, ids_of
from services.thresholds.plans.activities import repository as activities
from services.thresholds.plans.activities.activity import STANDARD, Activity
from services.thresholds.records.responses.recording import meaning, record_response, withdraw_response
from services.thresholds.records.responses.schemas import ResponseIn
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.records.star_records.record import Record
from shared.identifiers import SchoolNumber
from shared.web.problems import ProblemError

Written = tuple[uuid.UUID, uuid.UUID]
"""A record, and the response that was written on it."""

NOTHING: Final = (None, None)


def highest(records: Sequence[Record]) -> Record | None:
    """The open record with the highest threshold, of the latest term that has one; one without a threshold only if there is no other."""
    still_open = [record for record in records if record.status == "open"]
    return max(still_open, key=lambda record: (record.term, record.threshold or 0, record.created_at), default=None)


async def highest_open(connection: AsyncConnection, school: SchoolNumber, student: str) -> Record | None:
    """The student's highest open record, under whichever of their keys."""
    return highest(await star_records.open_of(connection, await ids_of(connection, school, student)))


async def respond_with(connection: AsyncConnection, child: Child, body: ResponseIn, subject: str, today: date, now: datetime) -> Written:
    """Records an activity that the school offers. Raises ProblemError 409 without an open record, 422 for what can't be recorded."""
    record = await highest_open(connection, child.school, child.student)
    if record is None:
        raise ProblemError(
            HTTPStatus.CONFLICT, "no-open-record", "the student has no open STAR record: leave `activity` out, or open one by hand"
        )
    step = await record_response(connection, record, await meaning(connection, record, body.activity), body, subject, today, now)
    assert step.response_id is not None
    return record.id, step.response_id


async def respond_by_standard(
    connection: AsyncConnection,
    school: SchoolNumber,
    student: str,
    standard: str,
    occurred_on: date,
    staff: str,
    subject: str,
    today: date,
    now: datetime,
) -> Written | None:
    """Records what happened under its standard code, in the school's own words for it where its list has some.

    The plan does not decide here: it happened. None for a student without an open record.
    """
    record = await highest_open(connection, school, student)
    if record is None:
        return None
    entry = of_standard(await activities.of_school(connection, school), standard)
    body = ResponseIn(activity=entry.activity, occurred_on=occurred_on, staff=staff)
    step = await record_response(connection, record, entry, body, subject, today, now)
    assert step.response_id is not None
    return record.id, step.response_id


async def take_back(connection: AsyncConnection, written: Written, subject: str, now: datetime) -> None:
    """Withdraws a response that a piece wrote: it did not happen. One that staff have withdrawn stays so."""
    record_id, response_id = written
    record = await star_records.get(connection, record_id)
    if record is not None:
        await withdraw_response(connection, record, response_id, subject, now)


def of_standard(listed: Sequence[Activity], standard: str) -> Activity:
    """The school's activity for a standard code: the one that it calls by the code, else the first in use, else the standard one."""
    current = [activity for activity in listed if activity.standard == standard and not activity.retired]
    by_name = next((activity for activity in current if activity.activity == standard), None)
    return by_name or (current[0] if current else Activity(standard, STANDARD[standard], standard))
