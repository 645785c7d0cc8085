"""STAR records, as the API takes and answers them. Days are counted in halves: 5.5 is five and a half."""

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.thresholds.records.holds.schemas import HoldOut
from services.thresholds.records.responses.schemas import ResponseOut
from services.thresholds.records.star_records.record import Origin, Outcome, RecordStatus
from services.thresholds.schemas import QueryText, Reason, Text
from shared.attendance.tiers import Threshold
from shared.web.cursors import PageLimit
from shared.web.schemas import Body, ThresholdParameter


class StarRecord(BaseModel):
    """A STAR record. `absent_days` is the total at the crossing; `absent_days_now` is today's.

    `due_on` is the day by which the school wants to respond, set `by-hand` or by its `rule`. The record is `answered` with the first
    response that stands. It is `overdue` when it is open and not answered and its due day has passed. `hold` stops its letters today.
    `reason`: why it was made by hand.
    """

    id: UUID
    school: str
    student: str
    student_id: UUID
    term: str
    threshold: Threshold | None
    origin: Origin
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


class RecordQuery(Body):
    """Filters of a school's records. `due_before`: records that are due before this day, answered or not."""

    term: QueryText | None = Field(default=None, description="All terms by default", examples=["2026-T4"])
    threshold: ThresholdParameter | None = None
    status: RecordStatus | None = None
    student: QueryText | None = None
    assigned_to: QueryText | None = None
    overdue: bool | None = Field(default=None, description="`true`: open, not answered, and its due day has passed; `false`: all others")
    due_before: date | None = None
    include_withdrawn: bool = Field(default=False, description="Show withdrawn responses too")
    limit: PageLimit = 100
    cursor: str | None = None


class RecordPatch(Body):
    """The staff's decision about a record; fields that you leave out stay as they are.

    A record may be closed with or without an outcome; it loses the outcome when it is opened again. `due_on` null: the school's rule.
    """

    status: Literal["open", "closed"] | None = None
    outcome: Outcome | None = None
    assigned_to: Text | None = None
    due_on: date | None = None

    @model_validator(mode="after")
    def _names_a_field(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name what is to be changed: status, outcome, assigned_to or due_on")
        if "status" in self.model_fields_set and self.status is None:
            raise ValueError("status: open or closed")
        return self


class RecordIn(Body):
    """An additional record made by hand; by default for the current term and without a threshold."""

    term: str | None = None
    threshold: Threshold | None = None
    reason: Reason | None = None
    assigned_to: Text | None = None
    due_on: date | None = None
