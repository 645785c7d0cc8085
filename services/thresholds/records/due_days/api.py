"""A school's own settings of STAR."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Annotated, Final, get_args
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Admin, Reader
from services.thresholds.records.due_days import repository as due_days
from services.thresholds.records.due_days.rule import DueRule
from services.thresholds.records.due_days.schemas import DueAfter, DueDaysIn, DueDaysTried, StarSettings, StateSum, TriedRecord
from services.thresholds.records.due_days.trying import State as DueState
from services.thresholds.records.due_days.trying import tried
from services.thresholds.records.responses import repository as responses
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.records.star_records.record import Record
from services.thresholds.records.star_records.repository import Ordering, RecordFilter
from services.thresholds.roster.lookup import calendar_for, known_school
from services.thresholds.roster.repository import students
from services.thresholds.state import State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.web.door import Router
from shared.web.service import SchoolInPath, requires

router = Router(tags=["settings"])

STATES: Final[tuple[DueState, ...]] = get_args(DueState)
MOST_RECORDS: Final = 20_000
"""More than three months of a school of 3,000 bring."""


@router.get("/v1/schools/{school}/star-settings", summary="Show a school's own settings of STAR")
async def get_star_settings(school: SchoolInPath, state: State, caller: Reader) -> StarSettings:
    """The school's settings; our defaults until it has set its own."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        after = await due_days.due_after(connection, school)
    return StarSettings(response_due_school_days=DueAfter.of(after))


@router.put("/v1/schools/{school}/star-settings", summary="Set a school's own settings of STAR")
async def put_star_settings(school: SchoolInPath, body: StarSettings, state: State, caller: Admin) -> StarSettings:
    """The settings hold for all records at once. Due days that were set by hand stay."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await known_school(connection, school)
        await due_days.put(connection, school, body.response_due_school_days.by_threshold())
        access = Access(action="change-settings", school=school, fields=["response_due_school_days"])
        await log_access(connection, caller, access, state.clock())
    return body


@router.post("/v1/schools/{school}/star-settings/what-if", summary="See which records other due days would have made late")
async def try_star_settings(
    school: SchoolInPath, body: DueDaysIn, state: State, caller: Annotated[Principal, requires("star:read", role="manage")]
) -> DueDaysTried:
    """The records of crossings of the last weeks, by the due days in force and by those of the request. Nothing is changed. A due day that
    was set by hand stays as it is. The list has those that differ, the oldest first."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await known_school(connection, school)
        calendar = await calendar_for(connection, school)
        today = calendar.today(state.clock())
        since = today - timedelta(weeks=body.weeks)
        in_force = DueRule.of(calendar, await due_days.due_after(connection, school))
        other = DueRule(in_force.school_days, body.response_due_school_days.by_threshold())
        which = RecordFilter(school=school, crossed_from=since)
        rows = await star_records.page(connection, which, Ordering("crossed_on"), None, MOST_RECORDS)
        records = [record for _, record in rows if record.status != "withdrawn" and record.threshold is not None]
        answered = await _answered(connection, records)
        found = [tried(record, answered.get(record.id), in_force, other, today) for record in records]
        different = [one for one in found if (one.due_before, one.before) != (one.due_after, one.after)]
        shown = different[: body.limit]
        people = await students.of_ids(connection, [one.record.student_id for one in shown])
        access = Access(action="list-records", school=school, students=sorted({one.record.student for one in shown}))
        await log_access(connection, caller, access, state.clock())
    items = [
        TriedRecord(
            record=one.record.id,
            student=one.record.student,
            student_id=one.record.student_id,
            name=people[one.record.student_id].name if one.record.student_id in people else None,
            threshold=one.record.threshold,
            crossed_on=one.record.crossed_on,
            due_before=one.due_before,
            due_after=one.due_after,
            before=one.before,
            after=one.after,
        )
        for one in shown
    ]
    before, after = _sums(one.before for one in found), _sums(one.after for one in found)
    return DueDaysTried(since=since, records=len(found), before=before, after=after, items=items, left_out=len(different) - len(shown))


async def _answered(connection: AsyncConnection, records: Sequence[Record]) -> dict[UUID, date]:
    """The day of the first response that stands, for those records that have one."""
    given = await responses.of_records(connection, [record.id for record in records])
    days = {record: [response.occurred_on for response in some if response.stands] for record, some in given.items()}
    return {record: min(some) for record, some in days.items() if some}


def _sums(states: Iterable[DueState]) -> list[StateSum]:
    counted = Counter(states)
    return [StateSum(state=state, records=counted[state]) for state in STATES]
