"""STAR records and responses, as the API takes and answers them. Days are counted in halves: 5.5 is five and a half."""

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, field_validator, model_validator

from services.thresholds.activities import STANDARD
from services.thresholds.schemas.common import Body, Note, Text
from shared.attendance.tiers import Threshold

RecordStatus = Literal["open", "closed", "withdrawn"]


class ResponseOut(BaseModel):
    """A response activity on a record."""

    id: UUID
    activity: str
    label: str
    occurred_on: date
    staff: str
    note: str | None
    recorded_at: datetime


class StarRecord(BaseModel):
    """A STAR record. `absent_days` is the total at the crossing; `absent_days_now` is today's."""

    id: UUID
    school: str
    student: str
    student_id: UUID
    term: str
    threshold: Threshold | None
    origin: Literal["crossing", "manual"]
    sequence: int
    absent_days: float
    absent_days_now: float
    crossed_on: date
    status: RecordStatus
    created_at: datetime
    updated_at: datetime
    responses: list[ResponseOut]


class RecordPage(BaseModel):
    """A page of STAR records."""

    items: list[StarRecord]
    next: str | None


class RecordPatch(Body):
    """What staff can change of a record."""

    status: Literal["open", "closed"]


class RecordIn(Body):
    """An additional record made by hand: for the current term and no threshold, unless told otherwise."""

    term: str | None = None
    threshold: Threshold | None = None


class ResponseIn(Body):
    """A response activity, by its standard code."""

    activity: str
    occurred_on: date
    staff: Text
    note: Note | None = None

    @field_validator("activity")
    @classmethod
    def _known(cls, activity: str) -> str:
        if activity not in STANDARD:
            raise ValueError(f"none of the activities: {', '.join(STANDARD)}")
        return activity

    @model_validator(mode="after")
    def _note_where_nothing_was_done(self) -> Self:
        if self.activity == "no-action-reason-recorded" and not self.note:
            raise ValueError("note: the reason why nothing was done")
        return self
