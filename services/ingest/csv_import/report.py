"""What became of a file: counts, and where the first refused rows stand. Never what a row says."""

from typing import Final

from pydantic import BaseModel, Field

from services.ingest.answers import Reason, Rejected
from services.ingest.csv_import.columns import Columns, Kind

MOST_REFUSALS: Final = 100
MOST_STUDENTS: Final = 100_000
"""So many different students are told apart: more than any school has, and a bound on memory."""


class RefusedRow(BaseModel):
    """A row that was refused, by the line it begins on; the header is line 1."""

    line: int
    reason: Reason
    detail: str


class ImportReport(BaseModel):
    """What was, or in a dry run would be, taken of a file."""

    kind: Kind
    dry_run: bool
    rows: int = Field(description="Rows read, behind `from_line`; blank ones don't count")
    accepted: int = Field(description="Rows accepted; in a dry run, rows that would be")
    refused: dict[str, int] = Field(description="Rows refused, by reason")
    refusals: list[RefusedRow] = Field(description=f"The first {MOST_REFUSALS} of them")
    columns: dict[str, str] = Field(description="The columns that are read, and as what")
    ignored_columns: list[str]
    first_date: str | None = Field(description="The earliest date of any row")
    last_date: str | None
    students: int = Field(description=f"How many different students the rows name; counted up to {MOST_STUDENTS}")
    last_line: int = Field(description="Every row up to this line is dealt with: `from_line` carries on behind it")


class Tally:
    """Counts rows as they are sorted."""

    def __init__(self, from_line: int = 0) -> None:
        self.rows = 0
        self.accepted = 0
        self.refused: dict[str, int] = {}
        self.refusals: list[RefusedRow] = []
        self.first_date: str | None = None
        self.last_date: str | None = None
        self.last_line = from_line
        self._students: set[str] = set()

    def saw(self, student: str) -> None:
        """A row names this student."""
        if student and len(self._students) < MOST_STUDENTS:
            self._students.add(student)

    def saw_day(self, day: str) -> None:
        """A row is about this day."""
        if self.first_date is None or day < self.first_date:
            self.first_date = day
        if self.last_date is None or day > self.last_date:
            self.last_date = day

    def settle(self, rows: int, accepted: int, rejected: list[Rejected], last_line: int) -> None:
        """A batch of rows has been dealt with, its accepted ones kept."""
        self.rows += rows
        self.accepted += accepted
        self.last_line = max(self.last_line, last_line)
        for item in sorted(rejected, key=lambda item: item.index):
            self.refused[item.reason] = self.refused.get(item.reason, 0) + 1
            if len(self.refusals) < MOST_REFUSALS:
                self.refusals.append(RefusedRow(line=item.index, reason=item.reason, detail=item.detail))

    def report(self, kind: Kind, *, dry_run: bool, columns: Columns | None) -> ImportReport:
        """The report so far."""
        return ImportReport(
            kind=kind,
            dry_run=dry_run,
            rows=self.rows,
            accepted=self.accepted,
            refused=self.refused,
            refusals=self.refusals,
            columns=dict(columns.names) if columns else {},
            ignored_columns=list(columns.ignored) if columns else [],
            first_date=self.first_date,
            last_date=self.last_date,
            students=len(self._students),
            last_line=self.last_line,
        )
