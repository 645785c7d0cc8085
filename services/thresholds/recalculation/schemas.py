"""Recalculations, as the API answers them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.thresholds.recalculation.repository.recalculations import Cause, RecalculationState


class RecalculationOut(BaseModel):
    """A pass over a school's rows that folds them again: after a change of the calendar or, where blanks count, at the end of a day."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    school: str
    cause: Cause
    terms: list[str]
    state: RecalculationState
    rows_total: int
    rows_done: int
    crossings: int
    created_at: datetime
    finished_at: datetime | None
