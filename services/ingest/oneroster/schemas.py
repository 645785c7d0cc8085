"""A student as OneRoster says it, and the report of a zip."""

from typing import ClassVar, Literal

from pydantic import BaseModel, Field

from services.ingest.answers import Reason
from services.ingest.changes.effect import Effect
from services.ingest.oneroster.notes import Note
from services.ingest.students.schemas import StudentIn

MOST_REFUSALS = 100


class OneRosterStudent(StudentIn):
    """A student whose fields stay as they were where the file can't say them."""

    stays: ClassVar[frozenset[str]] = StudentIn.stays | {"year_level", "groups", "nsn"}
    words_are_added: ClassVar[bool] = True


class RefusedUser(BaseModel):
    """A student who was refused, by the line of users.csv; the header is line 1."""

    line: int
    reason: Reason
    detail: str


class OneRosterReport(BaseModel):
    """The students of a zip who were accepted and refused, or would be in a dry run, and what the zip says beside them."""

    kind: Literal["oneroster"] = "oneroster"
    dry_run: bool
    version: str = Field(description="The version of the format", examples=["1.2"])
    full: bool = Field(description="Whether the zip has the whole roster: students whom it leaves out have left")
    rows: int = Field(description="Students of this school in users.csv")
    accepted: int = Field(description="Students accepted; in a dry run, students who would be")
    refused: dict[str, int] = Field(description="Students refused, by reason")
    refusals: list[RefusedUser] = Field(description=f"The first {MOST_REFUSALS} of them")
    students: int = Field(description="How many students are on the roll by this file")
    left: int = Field(description="Students whom a delta names as having left")
    caregivers: int = Field(description="Caregivers of all students together")
    notes: list[Note] = Field(description="Everything that the file can't say, or that could not be used")
    effect: Effect
