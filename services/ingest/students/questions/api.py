"""A school says who is who."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.state import IngestState, State
from services.ingest.students.identities import Identities
from services.ingest.students.persons import duplicates, returned
from services.ingest.students.questions import deciding
from services.ingest.students.questions.schemas import ChildOut, Decision, IdentityQuestionOut, MergedOut, MergeIn
from services.ingest.students.repository import identities, students
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.events.data import StudentUpdated
from shared.identifiers import SchoolNumber
from shared.moments import repository as moments
from shared.names import full_name
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["students"])

Admin = Annotated[Principal, requires("roster:write", role="admin")]


@router.get("/v1/schools/{school}/identity-questions", summary="List the questions about who is who")
async def list_identity_questions(school: SchoolInPath, state: State, caller: Admin, answered: bool = False) -> Page[IdentityQuestionOut]:
    """Keys that came with another child, and children who are likely there under two keys. With `answered`, those that were decided."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        known = await Identities.of(connection, school)
        everybody = {student.student: student for student in await students.everybody(connection, school)}
        kept = await identities.questions(connection, school, answered=answered)
        items = [_kept(row, everybody, known) for row in kept]
        if not answered:
            settled = {row["id"] for row in await identities.questions(connection, school, answered=True)}
            # In front: an answer to the others forgets the child who lost a key.
            items = [item for item in _two_keys(school, everybody, known, _left(kept)) if item.id not in settled] + items
        shown = {child.student for item in items for child in item.children}
        await log_access(connection, caller, Access(action="read-identities", school=school, students=shown), state.clock())
    return Page(items=items)


@router.post(
    "/v1/schools/{school}/identity-questions/{question}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Say whether two entries are one child",
    responses=refuses("answered-already", "merged-already"),
)
async def answer_identity_question(school: SchoolInPath, question: uuid.UUID, body: Decision, state: State, caller: Admin) -> Response:
    """`same-child`: their days are counted together, with one set of records, and no family is written to again about a threshold that it
    has heard of. `another-child`: each keeps its own days, and the question is not asked again."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await students.lock(connection, school)
        at = await moments.next_of(connection, school, state.clock())
        pair = await _decide(connection, state, school, question, body, caller.subject, at)
        await log_access(connection, caller, Access(action="decide-identity", school=school, students=pair), state.clock())
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/v1/schools/{school}/merged-students", summary="List the keys that are counted as another one")
async def list_merged_students(school: SchoolInPath, state: State, caller: Admin) -> Page[MergedOut]:
    """Each with when and by whom."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        rows = await identities.merges(connection, school)
        shown = {row["student"] for row in rows} | {row["into_student"] for row in rows}
        await log_access(connection, caller, Access(action="read-identities", school=school, students=shown), state.clock())
    return Page(
        items=[
            MergedOut(student=row["student"], into=row["into_student"], merged_at=row["merged_at"], merged_by=row["merged_by"])
            for row in rows
        ]
    )


@router.post(
    "/v1/schools/{school}/merged-students",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Count two keys as one child",
    responses=refuses("merged-already"),
)
async def merge_students(school: SchoolInPath, body: MergeIn, state: State, caller: Admin) -> Response:
    """All that came and comes under either key is one total, with one set of records."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await students.lock(connection, school)
        at = await moments.next_of(connection, school, state.clock())
        known = await Identities.of(connection, school)
        student, into = known.child(body.student), known.child(body.into)
        await deciding.merge(connection, school, student, into, caller.subject, at)
        await log_access(connection, caller, Access(action="merge-students", school=school, students=[student, into]), state.clock())
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.delete("/v1/schools/{school}/merged-students/{student}", status_code=HTTPStatus.NO_CONTENT, summary="Count a key by itself again")
async def part_students(school: SchoolInPath, student: str, state: State, caller: Admin) -> Response:
    """Each key has what came under it, also while they were counted together."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await students.lock(connection, school)
        at = await moments.next_of(connection, school, state.clock())
        await deciding.part(connection, school, student, at)
        await log_access(connection, caller, Access(action="part-students", school=school, students=[student]), state.clock())
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _decide(
    connection: AsyncConnection, state: IngestState, school: SchoolNumber, which: uuid.UUID, body: Decision, by: str, at: datetime
) -> list[str]:
    """Makes the decision; answers the pair. Raises ProblemError 404, 409 and 422."""
    row = await identities.question(connection, which)
    if row is not None and row["school"] == school:
        if row["answer"] is not None:
            raise ProblemError(HTTPStatus.CONFLICT, "answered-already", "this question has been answered")
        earlier, newer = row["students"]
        if body.decision == "same-child":
            await deciding.same_after_all(connection, school, earlier, newer, by, at)
        await identities.answer(connection, which, body.decision, by, state.clock())
        return [earlier, newer]
    known = await Identities.of(connection, school)
    everybody = {student.student: student for student in await students.everybody(connection, school)}
    left = _left(await identities.questions(connection, school, answered=False))
    asked = next((item for item in _two_keys(school, everybody, known, left) if item.id == which), None)
    if asked is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-question", "the school has no such question")
    pair = [child.student for child in asked.children]
    into = known.child(body.into) if body.into is not None else pair[0]
    if into not in pair:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "into: one of the two")
    if body.decision == "same-child" and pair[0] not in everybody:
        # The child who lost a key to another one is there again.
        await deciding.same_after_all(connection, school, pair[0], pair[1], by, at)
        return pair
    if body.decision == "same-child":
        await deciding.merge(connection, school, next(key for key in pair if key != into), into, by, at)
        return pair
    await identities.ask(connection, which, school, "two-keys", pair, asked.why, state.clock())
    await identities.answer(connection, which, "another-child", by, state.clock())
    return pair


def _left(questions: Iterable[Any]) -> list[StudentUpdated]:
    """The children who lost their key to another one, as far as the school has not decided."""
    return [earlier for row in questions if (earlier := identities.earlier_of(row)) is not None]


def _two_keys(
    school: SchoolNumber, everybody: dict[str, StudentUpdated], known: Identities, left: Sequence[StudentUpdated]
) -> Iterable[IdentityQuestionOut]:
    """The pairs that are likely one child, and are not counted as one. In the pair of a child who lost a key, that one comes first."""
    seen = set()
    counted = [student for student in everybody.values() if student.student not in known.merged]
    lost = [student for student in left if student.student not in everybody]
    entries = everybody | {student.student: student for student in lost}
    again = ((first, second, "name") for first, second in returned(lost, counted))
    for first, second, why in (*duplicates(counted), *again):
        pair = (first.student, second.student)
        if pair not in seen:
            seen.add(pair)
            yield IdentityQuestionOut.model_validate(
                {
                    "id": deciding.duplicate_id(school, pair),
                    "kind": "two-keys",
                    "why": why,
                    "children": [_child(student, entries[student], known) for student in pair],
                    "asked_at": None,
                    "answer": None,
                    "answered_at": None,
                    "answered_by": None,
                }
            )


def _kept(row: Any, everybody: dict[str, StudentUpdated], known: Identities) -> IdentityQuestionOut:
    earlier = identities.earlier_of(row)
    entries = everybody | ({earlier.student: earlier} if earlier is not None else {})
    children = [_child(student, entries.get(student), known) for student in row["students"]]
    fields = ("id", "kind", "why", "asked_at", "answer", "answered_at", "answered_by")
    return IdentityQuestionOut.model_validate({name: row[name] for name in fields} | {"children": children})


def _child(student: str, entry: StudentUpdated | None, known: Identities) -> ChildOut:
    key = known.key_of(student)
    if entry is None:
        return ChildOut(student=student, key=key, name=None, year_level=None, groups=[])
    name = full_name(entry.given_name, entry.family_name)
    return ChildOut(student=student, key=key, name=name, year_level=entry.year_level, groups=entry.groups)
