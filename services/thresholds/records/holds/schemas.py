"""Holds on letters, as the API takes and answers them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.thresholds.schemas import Reason
from shared.attendance.tiers import Threshold
from shared.web.schemas import Body


class HoldOut(BaseModel):
    """A hold on the letters of one threshold in a term, or, for null, on all of that term's.

    It is `holding` until it is lifted or the day `until` has passed; without `until`, the term's last day. Counting goes on, and records
    open all the same.
    """

    id: UUID
    term: str
    threshold: Threshold | None
    reason: str
    until: date | None
    holding: bool
    held_by: str
    held_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None


class RecordHoldIn(Body):
    """The reason to hold the letters of the record's threshold, and the last day of the hold; by default the term's last day."""

    reason: Reason
    until: date | None = None


class HoldIn(RecordHoldIn):
    """A hold on a student's letters of a term (by default the current one, in the holidays the next), of one threshold or of all."""

    term: str | None = None
    threshold: Threshold | None = None
