"""The runs of a school's students that end now, as items of work."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.showing import SchoolContext
from services.thresholds.register.kept_days import KeptDays
from services.thresholds.register.repository import rows
from services.thresholds.roster.days import not_kept
from services.thresholds.roster.repository import students
from services.thresholds.state import ThresholdsState
from services.thresholds.work.items import WorkItem
from services.thresholds.work.watch import repository as watches
from services.thresholds.work.watch.runs import FoundRun, Watch, runs, sentence
from shared.attendance.calendar import Term
from shared.identifiers import SchoolNumber, student_id


async def watched(
    connection: AsyncConnection,
    school: SchoolNumber,
    term: Term,
    context: SchoolContext,
    state: ThresholdsState,
    only: Sequence[str] | None,
) -> list[WorkItem]:
    """An item for each run that the school wants to hear of. A school that watches for nothing costs one look at its choices."""
    watch = await watches.of_school(connection, school)
    if watch.is_off:
        return []
    kept = await rows.days(connection, school, term.name, only)
    for student, days in (await not_kept(connection, school, term, context.calendar, state.keeper, context.now)).items():
        if only is None or student in only:
            kept[student] = days
    open_half_days = {
        (day - term.start).days: context.calendar.open_half_days(day) for day in context.calendar.school_days(term, until=context.today)
    }
    found = await asyncio.to_thread(_looked, kept, open_half_days, watch)
    ids = {student: student_id(school, student) for student, _ in found}
    people = await students.of_ids(connection, list(ids.values()))
    items = []
    for student, run in found:
        person = people.get(ids[student])
        first, last = (term.start + timedelta(days=place) for place in (run.first, run.last))
        name = person.name if person else f"Student {student}"
        items.append(WorkItem(kind=run.run, sentence=sentence(name, run, first, last), due=last, student=student, person=person))
    return items


def _looked(kept: dict[str, bytes], open_half_days: dict[int, int], watch: Watch) -> list[tuple[str, FoundRun]]:
    return [(student, run) for student, days in kept.items() for run in runs(KeptDays(days), open_half_days, watch)]
