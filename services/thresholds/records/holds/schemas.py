"""Holds on letters, as the API takes and answers them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.thresholds.schemas import Body, Reason
from shared.attendance.tiers import Threshold


class HoldOut(BaseModel):
    """A hold on the letters of one threshold in a term, or, for null, on all of that term's.

    It is `holding` until it is lifted, or the day `until` has passed, or, without one, the term's last day. Counting goes on, and
    records open all the same.
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


class HoldList(BaseModel):
    """A student's holds of a term, newest first."""

    items: list[HoldOut]
    next: None = None


class RecordHoldIn(Body):
    """Why letters of the record's threshold are held, and up to and with which day; without one, to the end of the term."""

    reason: Reason
    until: date | None = None


class HoldIn(RecordHoldIn):
    """The same for a student's letters of a term (the current one), of one threshold or of all."""

    term: str | None = None
    threshold: Threshold | None = None
