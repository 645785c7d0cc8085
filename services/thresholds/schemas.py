"""What the API takes and answers. Days are counted in halves: 5.5 is five and a half."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from services.thresholds.activities import STANDARD
from services.thresholds.attendance import Category
from shared.attendance.codes import CodeClass
from shared.attendance.tiers import Threshold, Tier

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)]
RecordStatus = Literal["open", "closed", "withdrawn"]


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a typo can't pass for silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CountOut(BaseModel):
    """A system's own half days of one day."""

    unjustified: int
    justified: int
    present: int


class MarkOut(BaseModel):
    """A mark that stands: of a session, a slot, or the system's own count of the day."""

    model_config = ConfigDict(populate_by_name=True)

    session: Literal["AM", "PM"] | None = None
    slot: int | None = None
    code: str | None = None
    code_class: CodeClass | None = Field(default=None, alias="class")
    minutes: int | None = None
    half_days: CountOut | None = None
    recorded_at: datetime


class SaidOut(BaseModel):
    """What a mark says: a code, or a system's own count; both null where it was taken back."""

    code: str | None = None
    minutes: int | None = None
    half_days: CountOut | None = None


class CorrectionOut(BaseModel):
    """A mark that was changed: what it was and became, when somebody recorded that, when it came here and by which source."""

    session: Literal["AM", "PM"] | None = None
    slot: int | None = None
    was: SaidOut
    became: SaidOut
    was_recorded_at: datetime
    recorded_at: datetime
    received_at: datetime
    source: str


class DayOut(BaseModel):
    """A day: what it counts, and why."""

    date: date
    absent_half_days: int
    marks: list[MarkOut]
    explanation: str
    corrections: list[CorrectionOut]


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


class AttendanceOut(BaseModel):
    """A student's term. `days` adds up to `absent_half_days`; the five sums of half days add up to `open_half_days`."""

    school: str
    student: str
    student_id: UUID
    name: str | None
    term: str
    absent_half_days: int
    absent_days: float
    tier: Tier
    attended_half_days: int
    excluded_half_days: int
    unmarked_half_days: int
    open_half_days: int
    attendance_rate: float | None
    category: Category | None
    notes: list[str]
    """Why the Ministry's number, or the school system's, may differ."""
    days: list[DayOut]
    star_records: list[StarRecord]


class StudentOut(BaseModel):
    """A student in a list."""

    student: str
    student_id: UUID
    name: str | None
    year_level: int | None
    groups: list[str]
    absent_half_days: int
    absent_days: float
    tier: Tier


class StudentPage(BaseModel):
    """A page of students."""

    items: list[StudentOut]
    next: str | None


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


class ActivityOut(BaseModel):
    """An activity that can be recorded."""

    activity: str
    label: str


class ActivityList(BaseModel):
    """The activities in the order they are offered."""

    items: list[ActivityOut]
    next: None = None


class RecalculationOut(BaseModel):
    """A school's rows being folded again, after its calendar changed or, where blanks count, at the end of a day."""

    id: UUID
    school: str
    cause: Literal["calendar", "day-end"]
    terms: list[str]
    state: Literal["waiting", "running", "done", "superseded"]
    rows_total: int
    rows_done: int
    crossings: int
    created_at: datetime
    finished_at: datetime | None


class RecalculationList(BaseModel):
    """A school's latest recalculations, newest first."""

    items: list[RecalculationOut]
    next: None = None
