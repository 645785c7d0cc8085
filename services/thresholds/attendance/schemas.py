"""Students' attendance, as the API answers it. Days are counted in halves: 5.5 is five and a half."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.thresholds.attendance.view import Category
from services.thresholds.records.holds.schemas import HoldOut
from services.thresholds.records.star_records.schemas import StarRecord
from services.thresholds.roster.repository.students import Sort
from services.thresholds.schemas import Asked, Body, ItemLimit
from shared.attendance.codes import CodeClass
from shared.attendance.tiers import Tier
from shared.auth.principal import MOST_YEAR


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


class AttendanceOut(BaseModel):
    """A student's term. `days` adds up to `absent_half_days`; the five sums of half days add up to `open_half_days`.

    `holds` are those that stop letters of the term today.
    """

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
    holds: list[HoldOut]
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


class StudentQuery(Body):
    """Which students of a school, in which order."""

    term: Asked | None = Field(default=None, description="The current or last term by default", examples=["2026-T4"])
    tier: Tier | None = None
    year_level: Annotated[int, Field(ge=0, le=MOST_YEAR)] | None = None
    group: Asked | None = None
    sort: Sort = "name"
    limit: ItemLimit = 100
    cursor: str | None = None
