"""The STAR records that a caller may see: those of students whom they may see."""

from http import HTTPStatus
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.permission import not_in_part, permitted_student
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.records.star_records.record import Record
from services.thresholds.roster.repository import schools
from shared.auth.principal import Principal
from shared.web.problems import ProblemError


async def permitted_record(connection: AsyncConnection, caller: Principal, record_id: UUID, *, lock: bool = False) -> Record:
    """The record; with `lock`, under the lock of its school, so that no batch of marks can open or withdraw it meanwhile.

    Raises ProblemError 404 for a record that is not there, 403 for another school's. A record's id follows from who it is about, so
    to those who look after a part of a school every record outside it is the same 403, whether or not it is there.
    """
    record = await star_records.get(connection, record_id)
    if caller.part is not None and (record is None or not caller.may_see(record.school)):
        raise not_in_part()
    if record is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-record", "there is no such STAR record")
    caller.require_school(record.school)
    if caller.part is not None:
        await permitted_student(connection, caller, record.school, record.student)
    if lock:
        await schools.lock(connection, [record.school])
        record = await star_records.get(connection, record_id)
        assert record is not None
    return record
