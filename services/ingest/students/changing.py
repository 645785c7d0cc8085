"""A roster as it was sent, judged before it is kept: who would be off the roll, and whose days would count otherwise."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.changes.asking import Asking
from services.ingest.changes.effect import Effect, Judgement, dangers_of, is_many
from services.ingest.schools.repository import StoredSchool
from services.ingest.students.identities import Identities
from services.ingest.students.keeping import alone, as_child
from services.ingest.students.merging import Repeats, merged
from services.ingest.students.persons import is_another_child
from services.ingest.students.repository import students
from services.ingest.students.schemas import StudentIn
from shared.attendance.enrolment import week_of
from shared.events.data import ProposedEnrolment, StudentUpdated
from shared.identifiers import SchoolNumber
from shared.turns import in_turns

_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RosterChange:
    """The change that a roster makes in a school of `roll` students.

    `off` would be off the roll by today, `missing` are those of them whom a whole roster leaves out, and `redated` have other dates or
    sessions up to today, leavers included.
    """

    off: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    redated: tuple[ProposedEnrolment, ...] = ()
    roll: int = 0


def has_left(starts_on: date | None, leaves_on: date | None, today: date) -> bool:
    """Whether the last day lies behind us. A start after it beats it: the student has come back."""
    return leaves_on is not None and leaves_on < today and (starts_on is None or starts_on <= leaves_on)


def roster_change(
    before: Mapping[str, StudentUpdated],
    after: Sequence[StudentUpdated],
    missing: Collection[str],
    roll: int,
    today: date,
    replaced: Collection[str] = (),
) -> RosterChange:
    """The change from the students as they are stored, of whom those sent and those missing are needed. `replaced` are children whose key
    another child has now."""
    off, redated = {*missing, *replaced}, [_without(before[student], today) for student in sorted(missing)]
    for student in after:
        old = before.get(student.student)
        if old is None or counted_by(old, today) == counted_by(student, today):
            continue
        redated.append(
            ProposedEnrolment(student=student.student, starts_on=student.starts_on, leaves_on=student.leaves_on, attends=student.attends)
        )
        if has_left(student.starts_on, student.leaves_on, today) and not has_left(old.starts_on, old.leaves_on, today):
            off.add(student.student)
    return RosterChange(tuple(sorted(off)), tuple(sorted(missing)), tuple(redated), roll)


async def change_of(
    connection: AsyncConnection,
    school: SchoolNumber,
    sent: Sequence[StudentIn],
    today: date,
    *,
    whole: bool,
    left: Collection[str] = (),
    repeats: Repeats | None = None,
) -> RosterChange:
    """The change that a roster makes. `whole`: students whom it leaves out have left; else those in `left` have."""
    known = await Identities.of(connection, school)
    keys = await students.keys(connection, school)
    latest = {known.child(student.student): student for student in sent}
    missing = keys - latest.keys() if whole else keys & {known.child(student) for student in left} - latest.keys()
    before = await students.stored(connection, school, latest.keys() | missing)
    replaced, after, repeats = set(), [], repeats or Repeats(school)
    async for key, student in in_turns(latest.items()):
        child, earlier = as_child(known, student), before.get(key)
        if repeats.has(child, earlier):
            continue
        if earlier is not None and is_another_child(earlier, alone(known, student, _NO_TIME)):
            replaced.add(key)
        else:
            after.append(merged(school, child, earlier, _NO_TIME))
    return roster_change(before, after, missing, len(keys), today, replaced)


async def judged(change: RosterChange, sent: Sequence[StudentIn], school: StoredSchool, asking: Asking, *, asked: bool) -> Judgement:
    """The change with its effect; `asked`: somebody wants to see the effect, however small the change is.

    Raises ProblemError 503 when the effect could not be found out.
    """
    effect = Effect(students_off=len(change.off))
    large = is_many(len(change.off), change.roll) or is_many(len(change.redated), change.roll)
    if school.marked and change.redated and (asked or large):
        effect = await asking.effect(school.school, school.updated_at, enrolments=change.redated, students_off=effect.students_off)
    dangers = dangers_of(effect, change.roll)
    if not dangers:
        # Nobody has to confirm it: what stands for the change is not asked for.
        return Judgement(b"", effect)
    said = [student.model_dump_json() async for student in in_turns(sent)]
    return Judgement(msgspec.json.encode([change, sorted(said)]), effect, dangers)


def counted_by(student: StudentUpdated, today: date) -> object:
    """The part of the dates that days up to today can be counted by."""
    leaves_on = student.leaves_on if student.leaves_on is not None and student.leaves_on < today else None
    return student.starts_on, leaves_on, week_of(student.attends)


def _without(student: StudentUpdated, today: date) -> ProposedEnrolment:
    """The dates of a student who leaves today, without a word about when."""
    last = today if student.leaves_on is None else min(student.leaves_on, today)
    return ProposedEnrolment(student=student.student, starts_on=student.starts_on, leaves_on=last, attends=student.attends)
