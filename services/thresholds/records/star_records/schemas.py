"""STAR records, as the API takes and answers them. Days are counted in halves: 5.5 is five and a half."""

from datetime import date, datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.thresholds.records.holds.schemas import HoldOut
from services.thresholds.records.responses.schemas import ResponseOut
from services.thresholds.records.star_records.record import Origin, Outcome, RecordStatus
from services.thresholds.records.star_records.repository import Sort
from services.thresholds.schemas import QueryText, Reason, Text
from shared.attendance.tiers import Threshold
from shared.auth.principal import MOST_YEAR
from shared.web.cursors import PageLimit
from shared.web.schemas import Body, ThresholdParameter


class StarRecord(BaseModel):
    """A STAR record. `absent_days` is the total at the crossing; `absent_days_now` is today's.

    `due_on` is the day by which the school wants to respond, set `by-hand` or by its `rule`. The record is `answered` with the first
    response that stands. It is `overdue` when it is open and not answered and its due day has passed. `hold` stops its letters today.
    `reason`: why it was made by hand. `name`, `year_level` and `groups` are the student's of today; null and none once they have left.
    """

    id: UUID
    school: str
    student: str
    name: str | None
    year_level: int | None
    groups: list[str]
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


MOST_NAMED: Final = 100
"""Records that a list can be asked for by their ids."""


class RecordQuery(Body):
    """Filters of a school's records. `due_before`: records that are due before this day, answered or not."""

    term: QueryText | None = Field(default=None, description="All terms by default", examples=["2026-T4"])
    threshold: ThresholdParameter | None = None
    status: RecordStatus | None = None
    student: QueryText | None = None
    record: list[UUID] = Field(default=[], max_length=MOST_NAMED, description="Only these records; `sort` orders them")
    assigned_to: QueryText | None = None
    overdue: bool | None = Field(default=None, description="`true`: open, not answered, and its due day has passed; `false`: all others")
    answered: bool | None = Field(default=None, description="Whether a response stands on it")
    due_before: date | None = None
    q: QueryText | None = Field(
        default=None, description="Name or number: each word is a part of the name, accents and macrons ignored, or begins the number"
    )
    year_level: Annotated[int, Field(ge=0, le=MOST_YEAR)] | None = None
    group: QueryText | None = None
    crossed_from: date | None = Field(default=None, description="Crossed on this day or later")
    crossed_to: date | None = Field(default=None, description="Crossed on this day or earlier")
    sort: Sort = Field(default="id", description="`due_on`: the due day by hand or by the rule, records without one last")
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
