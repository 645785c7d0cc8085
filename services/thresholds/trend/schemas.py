"""The line of a school's terms, as the API answers it."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from services.thresholds.plans.plan import YearTarget
from services.thresholds.trend.comparing import TrendTerm


class TrendTermOut(BaseModel):
    """A term of the line. Its numbers are those of its analysis: null where that hides them."""

    term: str
    starts_on: date = Field(description="First day of the term")
    ends_on: date = Field(description="Last day of the term")
    students: int | None
    absence_rate: float | None
    regular_share: float | None
    target: YearTarget | None = Field(description="The published plan's target for the year, or for the next year that has one")
    points_from_target: float | None = Field(
        description="Percentage points of regular students above the target, negative below it", examples=[-4.2]
    )
    points_in_a_year: float | None = Field(
        description="Percentage points of regular students above the same term of the year before, negative below it", examples=[2.5]
    )

    @classmethod
    def of(cls, found: TrendTerm) -> Self:
        """The answer about a term."""
        return cls(
            term=found.term.name,
            starts_on=found.term.start,
            ends_on=found.term.end,
            students=found.summary.students,
            absence_rate=found.summary.absence_rate,
            regular_share=found.summary.regular_share,
            target=found.target,
            points_from_target=found.points_from_target,
            points_in_a_year=found.points_in_a_year,
        )


class TrendOut(BaseModel):
    """A school's terms, the oldest first."""

    school: str
    as_of: datetime
    year_level: int | None
    group: str | None
    fewest_students: int
    terms: list[TrendTermOut] = Field(description="The terms that have begun and in which anything was marked, eight at most")
