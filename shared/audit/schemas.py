"""The audit log, as the API answers it."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from shared.audit.log import Action
from shared.web.cursors import PageLimit
from shared.web.schemas import Body

QueryText = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]

EARLIEST, LATEST = date(1900, 1, 1), date(9000, 1, 1)
"""Bounds within which every day has a first and a last moment."""


class AuditLine(BaseModel):
    """A request that showed or changed students: the token's subject and role, and the action. `students`: all whom it showed or changed.

    `fields` names the fields that were changed; their values are in the record's history. `filters`: those of a list.
    """

    at: datetime
    subject: str
    role: str
    action: str
    school: str
    students: list[str]
    record: UUID | None
    fields: list[str]
    filters: dict[str, Any]


class AccountOut(BaseModel):
    """A token's subject in a role: when it was seen last, and how many lines it has."""

    subject: str
    role: str
    last_at: datetime
    lines: int


class AuditQuery(Body):
    """Filters of the log. Days are the school's, and both are included."""

    student: QueryText | None = None
    subject: QueryText | None = None
    action: Action | None = None
    since: date | None = Field(default=None, alias="from", ge=EARLIEST, le=LATEST)
    until: date | None = Field(default=None, alias="to", ge=EARLIEST, le=LATEST)
    before: AwareDatetime | None = Field(default=None, description="Only lines from before this moment")
    format: Literal["json", "csv"] | None = Field(default=None, description="`csv` is the whole log in one file, without pages")
    limit: PageLimit = 100
    cursor: str | None = None
