"""The query that says how to read a file, and the report of what became of it."""

from typing import Annotated, Final

from pydantic import BaseModel, Field

from services.ingest.answers import Reason
from services.ingest.csv_import.columns import Kind
from shared.web.schemas import Body

MOST_REFUSALS: Final = 100
MOST_STUDENTS: Final = 100_000
"""So many different students are told apart: more than any school has, and a bound on memory."""


class ImportQuery(Body):
    """The way to read a file. A misspelt parameter is refused: `dryrun` must not import."""

    kind: Kind
    dry_run: bool = Field(default=False, description="Only say what would become of the file")
    recorded_at: str | None = Field(
        default=None, max_length=64, description="The moment of rows that say none; that of the upload by default"
    )
    from_line: int = Field(default=0, ge=0, description="Carry on behind this line: the `last_line` of a report")
    map: list[Annotated[str, Field(max_length=300)]] = Field(
        default=[], max_length=100, description="`Column=field`: what a column is; `Column=` leaves it out", examples=[["Ref=student"]]
    )


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
