"""A school's own settings of STAR, as the API takes and answers them."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import ConfigDict, Field

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
