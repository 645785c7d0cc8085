"""Lists of students, as the API answers them. Days are counted in halves: 5.5 is five and a half."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, Field

from services.thresholds.attendance.schemas import CauseOut, SquareOut
from services.thresholds.attendance.students.repository import Order
from services.thresholds.schemas import QueryText
from shared.attendance.tiers import Tier
from shared.auth.principal import MOST_YEAR
from shared.web.cursors import PageLimit
from shared.web.schemas import Body

Sort = Order


class StudentOut(BaseModel):
    """A student in a list.

    `days_to_next` are those left to the next threshold; null on the last tier. `last_days`: the last ten school days, oldest first.
    `change_days`: the days that they have added to the total; `rising`: more than the ten before them. `mostly`: the most frequent cause.
    `records` stand (withdrawn ones do not count), and a response answers `records_answered` of them. `on_hold`: a hold stops letters today.
    """

    student: str
    student_id: UUID
    name: str | None
    year_level: int | None
    groups: list[str]
    absent_half_days: int
    absent_days: float
    tier: Tier
    days_to_next: float | None
    attendance_rate: float | None
    last_days: list[SquareOut]
    change_days: float
    rising: bool
    mostly: CauseOut | None
    records: int
    records_answered: int
    on_hold: bool


MOST_NAMED: Final = 100
"""Students that a list can be asked for by their numbers."""


class StudentQuery(Body):
    """Filters and order of a school's students. They hold together: a student is listed who meets all of them."""

    term: QueryText | None = Field(default=None, description="The current or last term by default", examples=["2026-T4"])
    q: QueryText | None = Field(
        default=None, description="Name or number: each word is a part of the name, accents and macrons ignored, or begins the number"
    )
    student: list[QueryText] = Field(default=[], max_length=MOST_NAMED, description="Only these students, by number")
    tier: Tier | None = None
    year_level: Annotated[int, Field(ge=0, le=MOST_YEAR)] | None = None
    group: QueryText | None = None
    near_days: Annotated[float, Field(ge=0.5, le=5, multiple_of=0.5)] | None = Field(
        default=None, description="Within so many days below the next threshold"
    )
    mostly: Annotated[str, Field(max_length=20)] | None = Field(
        default=None, description="The most frequent cause of the absences: a code", examples=["M"]
    )
    rising: bool | None = Field(default=None, description="Whether the last ten school days have more absences than the ten before")
    unanswered: bool | None = Field(default=None, description="Whether there is an open record that no response answers")
    crossed_from: date | None = Field(default=None, description="A STAR record of the term was crossed on this day or later")
    crossed_to: date | None = Field(default=None, description="A STAR record of the term was crossed on this day or earlier")
    on_hold: bool | None = Field(default=None, description="Whether a hold stops letters today")
    sort: Sort = Field(
        default="name", description="`name` is by family name, accents and macrons ignored; `change` by what the last ten school days added"
    )
    limit: PageLimit = 100
    cursor: str | None = None


class TierNumbers(BaseModel):
    """Students by tier."""

    green: int
    yellow: int
    orange: int
    red: int


class RecordNumbers(BaseModel):
    """STAR records of the term by status; `overdue` and `unanswered` ones are among the open ones."""

    open: int
    overdue: int
    unanswered: int
    closed: int
    withdrawn: int


class SummaryOut(BaseModel):
    """A school's term in numbers: of the students whom the caller may see. `near` are within a day of the next threshold. `reached` is how
    many of them have reached a threshold since the last school day. `of_school` is how many students the school has. `issues` is how many
    things of the data-quality report are to mend: it may be a minute old while somebody looks, and is null until it was counted."""

    school: str
    term: str
    students: int
    tiers: TierNumbers
    near: int
    reached: int
    of_school: int
    issues: int | None
    records: RecordNumbers


class SchoolSummaryOut(BaseModel):
    """A school of the caller's, and its numbers."""

    school: str
    name: str
    region: str | None
    summary: SummaryOut | None


class SummariesQuery(Body):
    """A page of schools."""

    region: QueryText | None = Field(default=None, description="Only schools of this region, as they sent it", examples=["auckland"])
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100, description="Most schools of a page", examples=[50])] = 50
