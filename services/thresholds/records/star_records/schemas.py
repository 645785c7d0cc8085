"""STAR records, as the API takes and answers them. Days are counted in halves: 5.5 is five and a half."""

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.thresholds.records.holds.schemas import HoldOut
from services.thresholds.records.responses.schemas import ResponseOut
from services.thresholds.schemas import Asked, Body, ItemLimit, Reason, Text, ThresholdAsked
from shared.attendance.tiers import Threshold

RecordStatus = Literal["open", "closed", "withdrawn"]
Outcome = Literal["attendance-improved", "barriers-resolved", "referred", "moved-away", "no-change", "other"]
"""What came of a closed record. The list is ours: the Ministry's is not public."""


class StarRecord(BaseModel):
    """A STAR record. `absent_days` is the total at the crossing; `absent_days_now` is today's.

    `due_on` is the day by which the school wants to have answered: `by-hand`, or by its `rule`. It is answered with the first
    response that stands, and `overdue` when it is open, not answered, and its due day has passed. `hold` is the one that stops its
    letters today. `reason` is why a record was made by hand.
    """

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
    outcome: Outcome | None
    assigned_to: str | None
    due_on: date | None
    due: Literal["by-hand", "rule"] | None
    answered: bool
    overdue: bool
    hold: HoldOut | None
    reason: str | None
    created_at: datetime
    updated_at: datetime
    responses: list[ResponseOut]


class RecordPage(BaseModel):
    """A page of STAR records."""

    items: list[StarRecord]
    next: str | None


class RecordQuery(Body):
    """Which records of a school. `due_before` is a day: those that were or are due before it, answered or not."""

    term: Asked | None = Field(default=None, description="All terms by default", examples=["2026-T4"])
    threshold: ThresholdAsked | None = None
    status: RecordStatus | None = None
    student: Asked | None = None
    assigned_to: Asked | None = None
    overdue: bool | None = Field(default=None, description="`true`: open, not answered, and its due day has passed; `false`: all others")
    due_before: date | None = None
    include_withdrawn: bool = Field(default=False, description="Show withdrawn responses too")
    limit: ItemLimit = 100
    cursor: str | None = None


class RecordPatch(Body):
    """What staff decide about a record: any of the fields; those that are not named stay as they are.

    A record can be closed with an outcome or without one, and loses it when it is opened again. `due_on` null is the school's rule.
    """

    status: Literal["open", "closed"] | None = None
    outcome: Outcome | None = None
    assigned_to: Text | None = None
    due_on: date | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name what is to be changed: status, outcome, assigned_to or due_on")
        if "status" in self.model_fields_set and self.status is None:
            raise ValueError("status: open or closed")
        return self


class RecordIn(Body):
    """An additional record made by hand: for the current term and no threshold, unless told otherwise."""

    term: str | None = None
    threshold: Threshold | None = None
    reason: Reason | None = None
    assigned_to: Text | None = None
    due_on: date | None = None
