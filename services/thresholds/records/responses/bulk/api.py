"""Responses on many STAR records at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Responder
from services.thresholds.plans import repository as plans
from services.thresholds.plans.activities import repository as activities
from services.thresholds.records import announcements
from services.thresholds.records.history import repository as history
from services.thresholds.records.history.changes import NewStep, changes
from services.thresholds.records.responses import repository as responses
from services.thresholds.records.responses.bulk.schemas import RecordedOut, ResponsesIn, ResponsesOut
from services.thresholds.records.responses.bulk.sorting import Offer, Sorting
from services.thresholds.records.responses.response import IN_HISTORY, RecordedResponse
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.records.star_records.record import Record
from services.thresholds.roster.lookup import calendar_for
from services.thresholds.roster.repository import schools, students
from services.thresholds.state import State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber
from shared.moments import repository as moments
from shared.outbox import repository as outbox
from shared.web.door import MIB, Router, takes
from shared.web.idempotency import IdempotencyKey
from shared.web.openapi.refusals import refuses
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath

router = Router(tags=["STAR records"])


@router.post(
    "/v1/schools/{school}/responses",
    status_code=HTTPStatus.ACCEPTED,
    dependencies=[takes(4 * MIB, item_by_item=True)],
    summary="Record response activities on many STAR records",
    responses=refuses("nothing-accepted"),
)
async def add_responses(
    school: SchoolInPath, body: ResponsesIn, state: State, caller: Responder, key: IdempotencyKey = None
) -> ResponsesOut:
    """Records each item as a response of its own, all in one transaction. Items that can't be taken are listed with their place and reason.

    422 `nothing-accepted`, with the same list: nothing was recorded. A response is withdrawn with
    `DELETE /v1/star-records/{record}/responses/{response}`, by the ids in `items`. The same request again, under the same key, answers the
    same items.
    """
    sorting = Sorting.of(body.responses, key)
    async with state.engine.begin() as connection:
        calendar = await calendar_for(connection, school)
        await schools.lock(connection, [school])
        found = await star_records.of_ids(connection, [item.record for item in sorting.read.values()])
        records = await _visible(connection, caller, school, found)
        now = await moments.next_of(connection, school, state.clock())
        offer = Offer(
            await activities.of_school(connection, school), await plans.published(connection, school), calendar.today(state.clock())
        )
        kept = {} if key is None else await responses.of_ids(connection, [sorting.id_of(index) for index in sorting.read])
        sorting.record({record.id: record for record in records}, kept, offer, caller.subject, now)
        await _write_down(connection, sorting, caller, now)
        if sorting.recorded:
            keys = [record.student for _, record, _ in sorting.recorded]
            await log_access(connection, caller, Access(action="record-response", school=school, students=keys, fields=IN_HISTORY), now)
        await _log_refused(connection, caller, [record for record in found if record not in records], now)
    recorded = [(index, response) for index, _, response in sorting.recorded] + sorting.before
    items = [RecordedOut(index=index, record=response.record_id, response=response.id) for index, response in sorted(recorded, key=_place)]
    answer = ResponsesOut(accepted=len(items), rejected=sorting.rejected, items=items)
    if not items:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "nothing-accepted",
            "none of the responses could be recorded",
            extra=answer.model_dump(mode="json"),
        )
    return answer


def _place(recorded: tuple[int, RecordedResponse]) -> int:
    return recorded[0]


async def _visible(connection: AsyncConnection, caller: Principal, school: SchoolNumber, records: Sequence[Record]) -> list[Record]:
    """Those of the records that are of this school, and of the caller's part of it."""
    here = [record for record in records if record.school == school]
    part = caller.part
    if part is None:
        return here
    people = await students.of_ids(connection, [record.student_id for record in here])
    looked_after = {key for key, person in people.items() if part.holds(person.year_level, frozenset(person.groups))}
    return [record for record in here if record.student_id in looked_after]


async def _write_down(connection: AsyncConnection, sorting: Sorting, caller: Principal, now: datetime) -> None:
    """Keeps the responses, their steps in the records' histories, and their events."""
    events = []
    for _, record, response in sorting.recorded:
        await responses.add(connection, response)
        fields = {name: value for name, value in asdict(response).items() if name in IN_HISTORY and value is not None}
        await history.add(connection, record.id, NewStep("response-recorded", changes({}, fields), response.id), caller.subject, now)
        events.append(announcements.response_recorded(record, response).encode())
    await outbox.add(connection, events)


async def _log_refused(connection: AsyncConnection, caller: Principal, hidden: Sequence[Record], now: datetime) -> None:
    """A line in the log of each school whose records were asked for by somebody who may not see them."""
    by_school = defaultdict(list)
    for record in hidden:
        by_school[record.school].append(record.student_id)
    filters = {"operation": "POST /v1/schools/{school}/responses", "why": "unknown-record"}
    for school, ids in sorted(by_school.items()):
        await log_access(connection, caller, Access(action="refused", school=school, student_ids=ids, filters=filters), now)
