"""A roster that came in one piece: judged, confirmed, and kept in one transaction."""

from collections.abc import Collection, Sequence

from services.ingest.changes.effect import Effect
from services.ingest.state import IngestState
from services.ingest.students.identities import Identities
from services.ingest.students.judging import RosterQuery, judge, still_is
from services.ingest.students.keeping import forget, keep
from services.ingest.students.merging import Repeats
from services.ingest.students.schemas import StudentIn
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber


async def take(
    state: IngestState,
    caller: Principal,
    school: SchoolNumber,
    sent: Sequence[StudentIn],
    query: RosterQuery,
    left: Collection[str] = (),
) -> Effect:
    """Takes students, each there once, and lets go of those in `left`; a dry run only answers the effect.

    Raises ProblemError: 404 for an unknown school, 409 for a change that would move much, 503 where its effect can't be found out.
    """
    repeats = Repeats(school)
    while True:
        change, judgement = await judge(state, school, sent, query, left, repeats)
        if query.dry_run:
            return judgement.effect
        judgement.require_confirmed(query.confirm)
        async with state.engine.begin() as connection:
            if not await still_is(connection, state, school, sent, change, query, left, repeats):
                continue
            await keep(connection, school, sent, state.clock, repeats)
            if change.missing:
                await forget(connection, school, change.missing)
            # On record by the child, as everywhere: the school's key may have been another's.
            identities = await Identities.of(connection, school)
            changed = [*(identities.child(student.student) for student in sent), *change.missing]
            await log_access(connection, caller, Access(action="change-students", school=school, students=changed), state.clock())
        return judgement.effect
