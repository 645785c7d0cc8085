"""A school's own settings of STAR, as the API takes and answers them."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.thresholds.records.due_days.trying import State
from shared.attendance.tiers import Threshold
from shared.web.schemas import Body

MOST_SCHOOL_DAYS = 100
"""Twice the longest term."""

SchoolDays = Annotated[int, Field(ge=1, le=MOST_SCHOOL_DAYS)] | None


class DueAfter(Body):
    """School days by threshold; null where the school sets no day."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=False, serialize_by_alias=True)

    at_5: SchoolDays = Field(alias="5")
    at_10: SchoolDays = Field(alias="10")
    at_15: SchoolDays = Field(alias="15")

    @classmethod
    def of(cls, after: Mapping[Threshold, int | None]) -> "DueAfter":
        """From the rule's own form."""
        return cls.model_validate({str(threshold): days for threshold, days in after.items()})

    def by_threshold(self) -> dict[Threshold, int | None]:
        """In the rule's own form."""
        return {5: self.at_5, 10: self.at_10, 15: self.at_15}


class StarSettings(Body):
    """School days after a crossing within which the school wants to respond. The defaults (5, 5 and 3) are ours, not the Ministry's."""

    response_due_school_days: DueAfter


class DueDaysIn(StarSettings):
    """Due days to try out on the records of the last weeks."""

    weeks: Annotated[int, Field(ge=1, le=12)] = Field(default=4, description="How many weeks back from today")
    limit: Annotated[int, Field(ge=0, le=5_000)] = Field(default=1_000, description="Records in the answer, of those that differ")


class StateSum(BaseModel):
    """How many records are in a state by their due day."""

    state: State = Field(description="The state by the due day")
    records: int


class TriedRecord(BaseModel):
    """A record whose due day, or state by it, would be another."""

    record: UUID
    student: str
    student_id: UUID
    name: str | None
    threshold: Threshold | None
    crossed_on: date
    due_before: date | None = Field(description="The due day as it is; null for none")
    due_after: date | None = Field(description="The due day with the other days; null for none")
    before: State = Field(description="The state as it is")
    after: State = Field(description="The state with the other days")


class DueDaysTried(BaseModel):
    """The records of some weeks by the due days in force, and by others."""

    since: date = Field(description="The first day of the weeks")
    records: int
    before: list[StateSum] = Field(description="Records by state, as it is")
    after: list[StateSum] = Field(description="Records by state, with the other days")
    items: list[TriedRecord]
    left_out: int = Field(description="Records that differ, beyond `limit`")
