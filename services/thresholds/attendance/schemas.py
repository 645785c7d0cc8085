"""Students' attendance, as the API answers it. Days are counted in halves: 5.5 is five and a half."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.thresholds.attendance.view import Category
from services.thresholds.records.holds.schemas import HoldOut
from services.thresholds.records.star_records.schemas import StarRecord
from services.thresholds.roster.repository.students import Sort
from services.thresholds.schemas import QueryText
from shared.attendance.codes import CodeClass
from shared.attendance.tiers import Tier
from shared.auth.principal import MOST_YEAR
from shared.web.cursors import PageLimit
from shared.web.schemas import Body


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


class MarkValueOut(BaseModel):
    """The value of a mark: a code, or a system's own count; both null where the mark was taken back."""

    code: str | None = None
    minutes: int | None = None
    half_days: CountOut | None = None


class CorrectionOut(BaseModel):
    """A mark that was changed: its value before and after, when the change was recorded, when it arrived here, and its source."""

    session: Literal["AM", "PM"] | None = None
    slot: int | None = None
    was: MarkValueOut
    became: MarkValueOut
    was_recorded_at: datetime
    recorded_at: datetime
    received_at: datetime
    source: str


class DayOut(BaseModel):
    """A day: its absent half days, and the reason."""

    date: date
    absent_half_days: int
    marks: list[MarkOut]
    explanation: str
    corrections: list[CorrectionOut]


class AttendanceOut(BaseModel):
    """A student's term. `days` add up to `absent_half_days`. Attended, absent, excluded and unmarked half days add up to `open_half_days`.

    `holds` stop letters of the term today. `notes` say why the Ministry's number, or that of the school's own system, may differ.
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


class StudentQuery(Body):
    """Filters and order of a school's students."""

    term: QueryText | None = Field(default=None, description="The current or last term by default", examples=["2026-T4"])
    tier: Tier | None = None
    year_level: Annotated[int, Field(ge=0, le=MOST_YEAR)] | None = None
    group: QueryText | None = None
    sort: Sort = "name"
    limit: PageLimit = 100
    cursor: str | None = None
