"""The list of what waits for a person at a school."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Final

import msgspec
from fastapi import Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Reader
from services.thresholds.analysis.repository import last_marks
from services.thresholds.plans import repository as plans
from services.thresholds.records.showing import SchoolContext, context_of
from services.thresholds.register.kept_days import KeptDays, bits_of, length_of, unexplained_at
from services.thresholds.register.repository import rows
from services.thresholds.roster.days import not_kept
from services.thresholds.roster.lookup import known_school, term_for
from services.thresholds.roster.repository import enrolments, students
from services.thresholds.schemas import QueryText, TermParameter
from services.thresholds.staff.holding import Holder
from services.thresholds.state import State, ThresholdsState
from services.thresholds.work.gathering import casework_waiting, held_by, records_waiting
from services.thresholds.work.items import (
    EXPLAIN_WITHIN,
    WorkItem,
    of_plan,
    of_roll,
    of_unexplained,
)
from services.thresholds.work.rolls import UnmarkedRoll, first_day, unmarked_rolls
from services.thresholds.work.schemas import WorkOut
from services.thresholds.work.watch.watching import watched
from shared.attendance.calendar import Term
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber, student_id
from shared.web.door import Router
from shared.web.pages import Page
from shared.web.service import SchoolInPath

router = Router(tags=["work"])

MOST_ITEMS: Final = 500
"""Items of the list, the worst ones: nobody works through more on a day."""


@router.get("/v1/schools/{school}/work", response_model=Page[WorkOut], summary="List what waits for a person, worst first")
async def list_work(
    school: SchoolInPath,
    state: State,
    caller: Reader,
    term: TermParameter = None,
    most: Annotated[int, Query(ge=1, le=MOST_ITEMS, description="At most so many records, and so many other things")] = MOST_ITEMS,
    holder: Annotated[QueryText | None, Query(description="Only what is this account's today")] = None,
) -> Response:
    """Open records without a response, overdue ones first; families' answers to letters that nobody has seen to; reviews and actions of
    support plans that are due, and meetings of which nobody has said whether they were held; rolls that nobody marked in the last ten
    school days; absences that nobody has explained within a week; runs of days that the school watches for; the review of the school's
    plan.

    `holder` is the member of staff whose a thing is today: the person whom it is assigned to, or who looks after the student, or who
    stands in for them, or the next role where it has waited too long. The list has the 500 worst items of the term, and no further page:
    it is a list that empties.
    """
    async with state.engine.begin() as connection:
        context = await context_of(connection, school, state.clock())
        of_term = term_for(context.calendar, term, state.clock())
        sent = await known_school(connection, school)
        of_students = None if caller.part is None else await students.of_part(connection, school, caller.part)
        items = [
            *await records_waiting(connection, sent, of_term, context, of_students, most),
            *await _of_marks(connection, caller, school, of_term, context, state, most),
            *await casework_waiting(connection, sent, context, of_students, MOST_ITEMS),
            *await _runs(connection, caller, school, of_term, context, state),
        ]
        if caller.part is None:
            plan = await plans.published(connection, school)
            items += of_plan(plan.review_on if plan else None, context.today)
        held = [(item, held_by(sent, item, context) if item.student is not None else None) for item in items]
        if holder is not None:
            held = [(item, one) for item, one in held if one is not None and one.member.account == holder]
        others = sorted((pair for pair in held if pair[0].record is None), key=_place)[:most]
        records = (pair for pair in held if pair[0].record is not None)
        worst = sorted([*records, *others], key=_place)[:MOST_ITEMS]
        shown = [item.student for item, _ in worst if item.student is not None]
        access = Access(action="list-work", school=school, students=shown, filters={"term": of_term.name})
        await log_access(connection, caller, access, state.clock())
    return Response(
        msgspec.json.encode({"items": [_out(school, item, one) for item, one in worst], "next": None}), media_type="application/json"
    )


async def _of_marks(
    connection: AsyncConnection,
    caller: Principal,
    school: SchoolNumber,
    term: Term,
    context: SchoolContext,
    state: ThresholdsState,
    most: int,
) -> list[WorkItem]:
    """Absences that nobody has explained and, while the term runs, rolls that nobody marked."""
    only = None if caller.part is None else await students.keys_of_part(connection, school, caller.part)
    rolls = await _rolls(connection, caller, school, term, context, state, only) if context.today in term else []
    found = await _unexplained(connection, school, term, context, state, only)
    worst = sorted(found.items(), key=lambda pair: (pair[1][0], pair[0]))[:most]
    ids = {student: student_id(school, student) for student, _ in worst}
    people = await students.of_ids(connection, list(ids.values()))
    return [*map(of_roll, rolls), *(of_unexplained(student, people.get(ids[student]), days) for student, days in worst)]


async def _rolls(
    connection: AsyncConnection,
    caller: Principal,
    school: SchoolNumber,
    term: Term,
    context: SchoolContext,
    state: ThresholdsState,
    only: Sequence[str] | None,
) -> Sequence[UnmarkedRoll]:
    since = first_day(term, context.calendar, context.now)
    if since is None:
        return []
    marks = await last_marks(connection, school, term.name, only, since)
    groups = await students.groups_of(connection, school, caller.part)
    enrolled = await enrolments.of_students(connection, school, groups)
    own, whole = [enrolled.get(student) for student in groups], caller.part is None
    # The marks of a large school take some hundredths of a second: others' requests must not wait for it.
    return await asyncio.to_thread(unmarked_rolls, groups, marks, term, context.calendar, state.codes, context.now, own, whole_school=whole)


async def _unexplained(
    connection: AsyncConnection,
    school: SchoolNumber,
    term: Term,
    context: SchoolContext,
    state: ThresholdsState,
    only: Sequence[str] | None,
) -> dict[str, list[date]]:
    """The days of each student on which a `?` has stood for longer than a week, in order."""
    before = (context.today - EXPLAIN_WITHIN - term.start).days
    length = length_of(term)
    if before <= 0:
        return {}
    size = (min(before, length) + 7) // 8
    bits = await rows.unexplained(connection, school, term.name, only, unexplained_at(length), size)
    for student, days in (await not_kept(connection, school, term, context.calendar, state.keeper, context.now)).items():
        if only is None or student in only:
            bits[student] = KeptDays(days).unexplained
    found = {student: [at for at in bits_of(own) if at < before] for student, own in bits.items()}
    return {student: [term.start + timedelta(days=at) for at in places] for student, places in found.items() if places}


async def _runs(
    connection: AsyncConnection, caller: Principal, school: SchoolNumber, term: Term, context: SchoolContext, state: ThresholdsState
) -> list[WorkItem]:
    """Runs of days that the school wants to hear of, while the term runs."""
    if context.today not in term:
        return []
    only = None if caller.part is None else await students.keys_of_part(connection, school, caller.part)
    return await watched(connection, school, term, context, state, only)


def _place(pair: tuple[WorkItem, Holder | None]) -> tuple[int, date, int, str, str, str]:
    return pair[0].key


def _out(school: SchoolNumber, item: WorkItem, holder: Holder | None) -> dict[str, object]:
    """An item with the fields of `WorkOut`: hundreds of them need no check on their way out."""
    return {
        "kind": item.kind,
        "student": item.student,
        "student_id": student_id(school, item.student) if item.student is not None else None,
        "name": item.person.name if item.person else None,
        "year_level": item.person.year_level if item.person else None,
        "groups": item.person.groups if item.person else [],
        "record": item.record.id if item.record else None,
        "piece": item.piece,
        "threshold": item.record.threshold if item.record else None,
        "group": item.group,
        "due": item.due,
        "sentence": item.sentence,
        "holder": holder.member.account if holder else None,
        "holder_name": holder.member.name if holder else None,
    }
