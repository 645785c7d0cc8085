"""The query that says how to read a file."""

from typing import Annotated, Literal

from pydantic import Field

from services.ingest.students.judging import RosterQuery


class ImportQuery(RosterQuery):
    """The way to read a file. A misspelt parameter is refused: `dryrun` must not import."""

    kind: Literal["marks", "students", "oneroster"] | None = Field(
        default=None, description="The kind of file; a zip is a roster in OneRoster CSV, and may leave it out"
    )
    dry_run: bool = Field(default=False, description="Only say what would become of the file, and what a roster would do")
    full: bool = Field(default=False, description="For students: the file is the whole roster; students whom it leaves out have left")
    recorded_at: str | None = Field(
        default=None, max_length=64, description="The moment of rows that say none; that of the upload by default"
    )
    from_line: int = Field(default=0, ge=0, description="Carry on behind this line: the `last_line` of a report")
    map: list[Annotated[str, Field(max_length=300)]] = Field(
        default=[], max_length=100, description="`Column=field`: what a column is; `Column=` leaves it out", examples=[["Ref=student"]]
    )
