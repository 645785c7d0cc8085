"""The way of a roster through a door: judged outside any transaction, and looked at again in the one that keeps it."""

from collections.abc import Collection, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.answers import Rejected
from services.ingest.changes.effect import ChangeQuery, Judgement
from services.ingest.schools import repository as schools
from services.ingest.schools.repository import StoredSchool
from services.ingest.state import IngestState
from services.ingest.students.changing import RosterChange, change_of, judged
from services.ingest.students.merging import Repeats
from services.ingest.students.repository import students
from services.ingest.students.schemas import StudentIn
from shared.identifiers import SchoolNumber
from shared.web.errors import ProblemError


class RosterQuery(ChangeQuery):
    """The way to take a roster."""

    full: bool = Field(default=False, description="The list is the whole roster: students whom it leaves out have left")


def require_whole(query: RosterQuery, rejected: Sequence[Rejected], extra: dict[str, Any]) -> None:
    """Raises ProblemError 422 for a whole roster with students that can't be taken: they would count as having left."""
    if query.full and rejected:
        detail = "a whole roster is taken whole or not at all: correct the students that are listed, and send it again"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "incomplete-roster", detail, extra=extra)


async def judge(
    state: IngestState,
    school: SchoolNumber,
    sent: Sequence[StudentIn],
    query: RosterQuery,
    left: Collection[str] = (),
    repeats: Repeats | None = None,
) -> tuple[RosterChange, Judgement]:
    """The change that a roster would make, and its effect; `left` are leavers whom it names. Raises ProblemError 404 and 503."""
    async with state.engine.connect() as connection:
        stored = await _known(connection, school)
        change = await _change(connection, state, stored, sent, query, left, repeats)
    return change, await judged(change, sent, stored, state.asking, asked=query.dry_run)


async def still_is(
    connection: AsyncConnection,
    state: IngestState,
    school: SchoolNumber,
    sent: Sequence[StudentIn],
    change: RosterChange,
    query: RosterQuery,
    left: Collection[str] = (),
    repeats: Repeats | None = None,
) -> bool:
    """Whether the roster still changes what it was judged by. From here on nobody else changes the students of the school."""
    await students.lock(connection, school)
    return await _change(connection, state, await _known(connection, school), sent, query, left, repeats) == change


async def _change(
    connection: AsyncConnection,
    state: IngestState,
    stored: StoredSchool,
    sent: Sequence[StudentIn],
    query: RosterQuery,
    left: Collection[str],
    repeats: Repeats | None,
) -> RosterChange:
    today = stored.read().calendar().today(state.clock())
    return await change_of(connection, SchoolNumber(stored.school), sent, today, whole=query.full, left=left, repeats=repeats)


async def _known(connection: AsyncConnection, school: SchoolNumber) -> StoredSchool:
    stored = await schools.stored(connection, school)
    if stored is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet: PUT it first")
    return stored
