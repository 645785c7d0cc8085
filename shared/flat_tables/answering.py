"""A flat table as the answer of an operation.

The file is written within one transaction that sees the database as of one moment, and sent after it: a slow line holds no connection,
and an answer that begins is a whole one.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import IO, Any, Final
from uuid import UUID

from fastapi.responses import StreamingResponse
from pydantic import Field

from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.db.one_moment import one_moment
from shared.flat_tables.files import MEDIA_TYPES, Format, NoParquetError, table_file
from shared.flat_tables.table import FlatTable, Pages
from shared.identifiers import SchoolNumber
from shared.web.door import MIB
from shared.web.headers import disposition
from shared.web.openapi.refusals import refuses
from shared.web.openapi.successes import sends
from shared.web.problems import ProblemError
from shared.web.schemas import Body
from shared.web.state import ServiceState

KEPT_IN_MEMORY: Final = 4 * MIB
"""Bytes of an answer above which it is written to a temporary file."""

PIECE: Final = 256 * 1024

TABLE_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    **sends("The table, a line for each row, below the names of its columns.", "text/csv", MEDIA_TYPES["parquet"]),
    **refuses("no-parquet"),
}


class TableQuery(Body):
    """The part of a table, its form, and whether students' names are in it."""

    term: str | None = Field(default=None, max_length=200, pattern=r"^[^\x00]*$", description="Only this term; all terms by default")
    format: Format = Field(default="csv", description="`parquet` where the service has been installed with it")
    names: bool = Field(default=False, description="Whether students' names are in it, beside their keys: for the role `manage`")


async def table_answer(
    state: ServiceState, caller: Principal, school: SchoolNumber, table: FlatTable, pages: Pages, query: TableQuery
) -> StreamingResponse:
    """The table of a school as a download, with a line in the audit log that has all its students."""
    if query.names:
        caller.require_role("manage")
    shown = table.shown(names=query.names)
    students: set[str] = set()
    ids: set[UUID] = set()
    # Closed by `_pieces` or, where nothing is answered, here.
    file: IO[bytes] = tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115
    try:
        written = _begun(query.format, shown, file)
        async with state.engine.connect() as connection:
            await one_moment(connection)
            async for rows in pages(connection):
                students.update(str(row["student"]) for row in rows if "student" in row)
                ids.update(UUID(str(row["student_id"])) for row in rows if "student_id" in row)
                await asyncio.to_thread(written.write, rows)
        await asyncio.to_thread(written.close)
        filters = {"table": table.name, "term": query.term, "names": query.names, "form": query.format}
        access = Access(action="read-table", school=school, students=students, student_ids=ids, filters=filters)
        async with state.engine.begin() as connection:
            await log_access(connection, caller, access, state.clock())
    except BaseException:
        file.close()
        raise
    name = "-".join([table.name, school, *([query.term] if query.term else [])])
    headers = {
        "Content-Disposition": disposition("attachment", f"{name}.{query.format}"),
        "Content-Length": str(file.tell()),
        "Cache-Control": "no-store",
    }
    file.seek(0)
    return StreamingResponse(_pieces(file), media_type=MEDIA_TYPES[query.format], headers=headers)


def _begun(form: Format, table: FlatTable, file: IO[bytes]) -> Any:
    try:
        return table_file(form, table, file)
    except NoParquetError as error:
        raise ProblemError(HTTPStatus.NOT_IMPLEMENTED, "no-parquet", str(error)) from error


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
