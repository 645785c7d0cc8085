"""Transfers, as the API answers them."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from services.thresholds.transfers.transfer import TransferState
from shared.attendance.tiers import Threshold


class CarriedResponseOut(BaseModel):
    """A response of the other school."""

    activity: str
    label: str
    occurred_on: date
    note: str | None


class CarriedRecordOut(BaseModel):
    """A STAR record of another school. It stays there: it is not uploaded again from here."""

    school: str
    threshold: Threshold | None
    status: Literal["open", "closed", "withdrawn"]
    absent_days: float
    crossed_on: date
    outcome: str | None
    responses: list[CarriedResponseOut]


class CarriedPieceOut(BaseModel):
    """A contact, a meeting or a support plan of the other school; `words` if the sender passed notes on."""

    kind: Literal["contact", "meeting", "support-plan"]
    at: datetime
    status: str
    how: str | None
    level: str | None
    words: dict[str, Any] | None


class CarriedMarkOut(BaseModel):
    """A mark that stood at the other school when the document was made."""

    date: date
    session: Literal["AM", "PM"] | None
    slot: int | None
    code: str | None
    minutes: int | None
    recorded_at: datetime


class TransferOut(BaseModel):
    """A term that a student brought along. `absent_half_days` is the other school's total.

    `counts`: whether this school counts it. `days_outside` lie in no term of this school up to today, and do not count.
    """

    id: UUID
    school: str
    student: str
    student_id: UUID
    term: str
    from_school: str
    from_school_name: str
    from_student: str
    name: str | None
    exported_at: datetime
    state: TransferState
    imported_by: str
    imported_at: datetime
    absent_half_days: int
    absent_days: float
    counts: bool
    days_carried: int
    days_outside: list[date]
    records: list[CarriedRecordOut]
    marks: list[CarriedMarkOut]
    casework: list[CarriedPieceOut]
