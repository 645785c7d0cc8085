"""The report of what became of a file."""

from typing import Final

from pydantic import BaseModel, Field

from services.ingest.answers import Reason
from services.ingest.changes.effect import Effect
from services.ingest.csv_import.columns import Kind

MOST_REFUSALS: Final = 100
MOST_STUDENTS: Final = 100_000
"""So many different students are told apart: more than any school has, and a bound on memory."""


class RefusedRow(BaseModel):
    """A row that was refused, by the line it begins on; the header is line 1."""

    line: int
    reason: Reason
    detail: str


class ImportReport(BaseModel):
    """The rows of a file that were accepted and refused, or would be in a dry run."""

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


class RosterReport(ImportReport):
    """The report of a file of students, with the effect on the school; in a dry run, the effect that it would have."""

    effect: Effect
