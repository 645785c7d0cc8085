"""The audit log, as the API answers it."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.thresholds.access.audit import Action
from services.thresholds.schemas import Asked, Body, ItemLimit

EARLIEST, LATEST = date(1900, 1, 1), date(9000, 1, 1)
"""Far from where moments of a day can't be told."""


class AuditLine(BaseModel):
    """One look or change: whose token, in which role, and what. `students` are all whom it showed or changed.

    `fields` names what was changed; what was in them is in the record's history. `filters` is what a list was asked for.
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


class AuditPage(BaseModel):
    """A page of the log, newest first."""

    items: list[AuditLine]
    next: str | None


class AuditQuery(Body):
    """Which lines. Days are the school's, and both are included."""

    student: Asked | None = None
    subject: Asked | None = None
    action: Action | None = None
    since: date | None = Field(default=None, alias="from", ge=EARLIEST, le=LATEST)
    until: date | None = Field(default=None, alias="to", ge=EARLIEST, le=LATEST)
    format: Literal["json", "csv"] | None = Field(default=None, description="`csv` is the whole log in one file, without pages")
    limit: ItemLimit = 100
    cursor: str | None = None
