"""The STAR records that a caller may see: those of students whom they may see."""

from http import HTTPStatus
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.permission import is_of_part
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.records.star_records.record import Record
from services.thresholds.roster.repository import schools
from shared.auth.principal import Principal
from shared.web.problems import ProblemError
from shared.web.visible import hidden, visible


async def permitted_record(connection: AsyncConnection, caller: Principal, record_id: UUID, *, lock: bool = False) -> Record:
    """The record; with `lock`, under the lock of its school, so that no batch of marks can open or withdraw it meanwhile.

    Raises ProblemError 404 for a record that is not there, or not the caller's: of another school, or about a student outside the part of
    the school that they look after. A record's id follows from its student, so any other answer would say that a child has one.
    """
    missing = ProblemError(HTTPStatus.NOT_FOUND, "unknown-record", "there is no such STAR record")
    record = visible(await star_records.get(connection, record_id), caller, missing)
    if not await is_of_part(connection, caller, record.student_id):
        raise hidden(record, missing)
    if lock:
        await schools.lock(connection, [record.school])
        locked = await star_records.get(connection, record_id)
        assert locked is not None
        return locked
    return record
