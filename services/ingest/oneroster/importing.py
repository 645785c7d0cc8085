"""A zip on its way in: read beside the loop, judged by the rules of every roster, and kept in one transaction."""

import asyncio
from datetime import date
from http import HTTPStatus
from typing import IO

from services.ingest.answers import Rejected
from services.ingest.changes.effect import Effect
from services.ingest.oneroster.archive import Archive
from services.ingest.oneroster.errors import OneRosterError
from services.ingest.oneroster.roster import ZipRoster, read
from services.ingest.oneroster.schemas import MOST_REFUSALS, OneRosterReport, OneRosterStudent, RefusedUser
from services.ingest.oneroster.sessions import note_sessions
from services.ingest.schools.repository import StoredSchool
from services.ingest.state import IngestState
from services.ingest.students.batch import StudentBatch
from services.ingest.students.judging import RosterQuery, require_whole
from services.ingest.students.taking import take
from services.ingest.tables.identifiers import Keys
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber
from shared.web.problems import ProblemError


async def import_roster(
    state: IngestState, caller: Principal, stored: StoredSchool, keys: Keys, file: IO[bytes], query: RosterQuery
) -> OneRosterReport:
    """Takes the students of one school out of a zip; a dry run only says what it would do.

    Raises ProblemError: 422 for a zip that can't be read or is another school's, or has nobody who can be taken, and those of any roster.
    """
    school = SchoolNumber(stored.school)
    today = stored.read().calendar().today(state.clock())
    try:
        roster, batch = await asyncio.to_thread(_sorted, file, stored, keys, today, query.full)
    except OneRosterError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, error.kind, str(error)) from error
    whole = query.model_copy(update={"full": roster.is_whole})
    report = _report(roster, batch, dry_run=query.dry_run)
    if not query.dry_run:
        require_whole(whole, batch.rejected, {"report": report.model_copy(update={"accepted": 0}).model_dump()})
    if batch.accepted or roster.left:
        report.effect = await take(state, caller, school, batch.accepted, whole, roster.left)
    elif not query.dry_run:
        detail = "none of the students could be accepted"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing-accepted", detail, extra={"report": report.model_dump()})
    return report


def _sorted(file: IO[bytes], stored: StoredSchool, keys: Keys, today: date, full: bool) -> tuple[ZipRoster, StudentBatch]:
    archive = Archive(file)
    roster = read(archive, SchoolNumber(stored.school), keys, today, full=full)
    note_sessions(archive, stored.read().terms, roster.notes)
    batch = StudentBatch(OneRosterStudent)
    for line, item in roster.items:
        if isinstance(item, str):
            batch.rejected.append(Rejected(index=line, reason="bad-field", detail=item))
        else:
            batch.take(line, item)
    return roster, batch


def _report(roster: ZipRoster, batch: StudentBatch, *, dry_run: bool) -> OneRosterReport:
    refused: dict[str, int] = {}
    for item in batch.rejected:
        refused[item.reason] = refused.get(item.reason, 0) + 1
    return OneRosterReport(
        dry_run=dry_run,
        version=roster.version,
        full=roster.is_whole,
        rows=len(roster.items),
        accepted=len(batch.accepted),
        refused=refused,
        refusals=[RefusedUser(line=item.index, reason=item.reason, detail=item.detail) for item in batch.rejected[:MOST_REFUSALS]],
        students=len(batch.accepted),
        left=len(roster.left),
        caregivers=roster.caregivers,
        notes=roster.notes.all(),
        effect=Effect(),
    )
