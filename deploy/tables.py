"""The flat tables of all services, as an operator who has the database writes them into a folder."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.services import schema_of
from services.moe_sync.flat_tables import dictionary as of_moe_sync
from services.moe_sync.flat_tables import reading as uploads
from services.notifier.flat_tables import dictionary as of_notifier
from services.notifier.flat_tables import reading as letters
from services.thresholds.flat_tables import dictionary as of_thresholds
from services.thresholds.flat_tables import reading as terms
from services.thresholds.register.kept_days import DayKeeper
from services.thresholds.roster.repository import schools
from shared.attendance.codes import CodeTable
from shared.audit import repository as audit
from shared.audit.repository import NewLine
from shared.db.engine import create_engine
from shared.db.one_moment import one_moment
from shared.flat_tables.files import Format, table_file
from shared.flat_tables.table import FlatTable, Pages
from shared.identifiers import SchoolNumber
from shared.settings import ServiceName, Settings

ALL: dict[ServiceName, tuple[FlatTable, ...]] = {
    "thresholds": of_thresholds.TABLES,
    "notifier": of_notifier.TABLES,
    "moe-sync": of_moe_sync.TABLES,
}
"""The tables by service."""

SCHOOLS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written."""

    table: str
    file: Path
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The choice of what to write, and who writes it."""

    schools: Sequence[SchoolNumber]
    term: str | None
    form: Format
    names: bool
    subject: str


@dataclass(frozen=True, slots=True)
class Tables:
    """The services' databases, and what reads their rows."""

    engines: dict[ServiceName, AsyncEngine]
    codes: CodeTable

    async def schools(self) -> list[SchoolNumber]:
        """All schools that were sent, by number."""
        found: list[SchoolNumber] = []
        async with self.engines["thresholds"].connect() as connection:
            while page := await schools.page(connection, None, found[-1] if found else None, SCHOOLS_AT_ONCE):
                found += [SchoolNumber(school.school) for school in page]
        return found

    async def write(self, wanted: Wanted, folder: Path, now: datetime) -> list[Written]:
        """Writes each table, all schools in one file, as of one moment of its service; with a line for each school in the audit log.

        Raises NoParquetError, ProblemError 404 for a school or a term that is not there, FileExistsError.
        """
        return [await self._write(service, table, wanted, folder, now) for service, tables in ALL.items() for table in tables]

    async def _write(self, service: ServiceName, table: FlatTable, wanted: Wanted, folder: Path, now: datetime) -> Written:
        path = folder / f"{table.name}.{wanted.form}"
        rows = 0
        lines = []
        with path.open("xb") as file:
            writing = table_file(wanted.form, table.shown(names=wanted.names), file)
            async with self.engines[service].connect() as connection:
                await one_moment(connection)
                for school in wanted.schools:
                    students: set[str] = set()
                    ids: set[UUID] = set()
                    async for page in self._pages(table, school, wanted.term, now)(connection):
                        writing.write(page)
                        rows += len(page)
                        students.update(str(row["student"]) for row in page if "student" in row)
                        ids.update(UUID(str(row["student_id"])) for row in page if "student_id" in row)
                    lines.append(_line(table, wanted, school, students, ids, now))
            writing.close()
        async with self.engines[service].begin() as connection:
            await audit.add(connection, lines)
        return Written(table.name, path, rows)

    def _pages(self, table: FlatTable, school: SchoolNumber, term: str | None, now: datetime) -> Pages:
        match table.name:
            case "student-terms":
                return terms.student_terms(school, term, now, self.codes, DayKeeper(self.codes))
            case "crossings":
                return terms.crossings(school, term, now)
            case "responses":
                return terms.responses(school, term, now)
            case "letters":
                return letters.letters(school, term)
        return uploads.uploads(school, term)


@asynccontextmanager
async def tables_of(settings: Settings) -> AsyncIterator[Tables]:
    """The tables of the services on a database."""
    engines = {service: create_engine(settings.database_url, schema_of(service), pool_size=1) for service in ALL}
    try:
        yield Tables(engines, CodeTable.load(settings.attendance_codes))
    finally:
        for engine in engines.values():
            await engine.dispose()


def _line(table: FlatTable, wanted: Wanted, school: SchoolNumber, students: set[str], ids: set[UUID], now: datetime) -> NewLine:
    filters = {"table": table.name, "term": wanted.term, "names": wanted.names, "form": wanted.form}
    return NewLine(
        at=now,
        subject=wanted.subject,
        role="admin",
        action="read-table",
        school=school,
        students=sorted(students),
        student_ids=sorted(ids),
        record_id=None,
        fields=(),
        filters={name: value for name, value in filters.items() if value is not None},
    )
