"""Students' attendance, as the API answers it. Days are counted in halves: 5.5 is five and a half."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.thresholds.attendance.view import Category
from services.thresholds.records.holds.schemas import HoldOut
from services.thresholds.records.star_records.schemas import StarRecord
from services.thresholds.register.attribution import AbsenceClass
from services.thresholds.register.day_reading import HalfState
from shared.attendance.codes import CodeClass
from shared.attendance.tiers import Threshold, Tier
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


class HalfOut(BaseModel):
    """A half of a day. `code`: the code that made it so; null where no single one did, as with periods that were attended."""

    state: HalfState
    code: str | None


class SquareOut(BaseModel):
    """A school day as two halves."""

    date: date
    am: HalfOut
    pm: HalfOut


class CauseOut(BaseModel):
    """Absent half days of one cause: a code, or `blank` (not marked), `counted` (a system's own count), `elsewhere` (at another school)."""

    model_config = ConfigDict(populate_by_name=True)

    code: str
    meaning: str
    absence_class: AbsenceClass = Field(alias="class")
    half_days: int


class DayOut(BaseModel):
    """A day: its two halves, its absent half days, and the reason. `running_half_days`: the total up to and with this day."""

    date: date
    am: HalfOut
    pm: HalfOut
    absent_half_days: int
    running_half_days: int
    marks: list[MarkOut]
    explanation: str
    corrections: list[CorrectionOut]


class ApproachingOut(BaseModel):
    """The next threshold, of a student who is within a day of it. `on_pace`: the day on which it is reached if absences go on as in the
    term so far; null where that is not within the term. It is arithmetic, and no guess."""

    threshold: Threshold
    left_half_days: int
    on_pace: date | None
    sentence: str


class AttendanceOut(BaseModel):
    """A student's term. `days` add up to `absent_half_days`. Attended, absent, excluded and unmarked half days add up to `open_half_days`.

    `causes` add up to `absent_half_days`, the most frequent one first. `days_to_next`: null on the last tier. `holds` stop letters of
    the term today. `notes` say why the Ministry's number, or that of the school's own system, may differ.
    """

    school: str
    student: str
    student_id: UUID
    name: str | None
    year_level: int | None
    groups: list[str]
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
    days_to_next: float | None
    approaching: ApproachingOut | None
    causes: list[CauseOut]
    notes: list[str]
    days: list[DayOut]
    holds: list[HoldOut]
    star_records: list[StarRecord]


class WhatIfQuery(Body):
    """A supposition: another code on a day, in one session or (by default) in the whole day."""

    date: date
    session: Literal["AM", "PM"] | None = None
    code: Annotated[str, Field(pattern="^[A-Z?]$")] = "P"


class TotalOut(BaseModel):
    """A total, and its tier."""

    absent_half_days: int
    absent_days: float
    tier: Tier


class StepOut(BaseModel):
    """A threshold that would be reached (`up`), or taken back (`down`)."""

    threshold: Threshold
    direction: Literal["up", "down"]


class WhatIfOut(BaseModel):
    """The total as it is and as it would be. Nothing was changed."""

    school: str
    student: str
    student_id: UUID
    term: str
    date: date
    session: Literal["AM", "PM"] | None
    code: str
    now: TotalOut
    then: TotalOut
    steps: list[StepOut]
    sentence: str
