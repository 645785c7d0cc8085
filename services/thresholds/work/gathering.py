"""Records without a response and due casework of a school, as items of work, and whose each is today."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.casework import repository as casework
from services.thresholds.records.showing import SchoolContext
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.records.star_records.repository import Ordering, RecordFilter
from services.thresholds.replies.reply import KeptReply
from services.thresholds.roster.repository import students
from services.thresholds.staff.accounts import name_of
from services.thresholds.staff.holding import Holder, Placement, holder
from services.thresholds.support_plans.showing import plan_of
from services.thresholds.work.items import WorkItem, WorkKind, of_meeting, of_record, of_reply, of_support_plan
from shared.attendance.calendar import Term
from shared.events.data import DutyKind, SchoolUpdated

DUTIES: Final[Mapping[WorkKind, DutyKind]] = {
    "overdue": "overdue",
    "due": "due",
    "family-reply": "family-reply",
    "support-plan-review": "support-plan-review",
    "support-plan-action": "support-plan-action",
    "meeting": "meeting",
}
"""The kinds of which a person is reminded, and that go to the next role where they wait: each has a day on which to do something."""


async def records_waiting(
    connection: AsyncConnection,
    school: SchoolUpdated,
    term: Term,
    context: SchoolContext,
    of_students: Sequence[UUID] | None,
    most: int,
) -> list[WorkItem]:
    """Open records of a term that no response answers, up to `most`, the first due first; `of_students` None: everybody's."""
    which = RecordFilter(school=school.school, term=term.name, status="open", answered=False, of_students=of_students)
    by_due = Ordering("due_on", context.due.school_days, context.due.after)
    found = [record for _, record in await star_records.page(connection, which, by_due, None, most)]
    people = await students.of_ids(connection, [record.student_id for record in found])
    return [of_record(record, people.get(record.student_id), context) for record in found]


async def casework_waiting(
    connection: AsyncConnection, school: SchoolUpdated, context: SchoolContext, of_students: Sequence[UUID] | None, most: int
) -> list[WorkItem]:
    """Meetings, support plans and families' replies that wait for a person."""
    pieces = await casework.due(connection, school.school, context.today, of_students, most)
    people = await students.of_ids(connection, [piece.student_id for piece in pieces])
    zone = ZoneInfo(context.calendar.timezone)
    answered = [piece.record_id for piece in pieces if piece.kind == "reply" and piece.record_id is not None]
    records = {record.id: record for record in await star_records.of_ids(connection, answered)} if answered else {}
    items: list[WorkItem] = []
    for piece in pieces:
        person = people.get(piece.student_id)
        if piece.kind == "meeting":
            items += of_meeting(piece, piece.at.astimezone(zone), person, context.today, context.now)
        elif piece.kind == "reply":
            record = records.get(piece.record_id) if piece.record_id is not None else None
            assigned = name_of(school, record.assigned_to) if record is not None and record.assigned_to else None
            reply, day = KeptReply.model_validate(piece.document), piece.at.astimezone(zone).date()
            items.append(of_reply(piece, reply, person, record, day, assigned))
        else:
            items += of_support_plan(piece, plan_of(piece.document), person, context.today)
    return items


def held_by(school: SchoolUpdated, item: WorkItem, context: SchoolContext) -> Holder | None:
    """The member of staff whose an item about a student is today."""
    days = context.due.school_days
    grows = item.kind in DUTIES and item.due is not None
    late = max(bisect_right(days, context.today) - bisect_right(days, item.due), 0) if grows and item.due is not None else 0
    student = Placement(item.person.year_level, frozenset(item.person.groups)) if item.person is not None else Placement()
    return holder(school.staff, item.assigned_to, student, late, context.today)
