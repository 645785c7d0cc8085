"""Recalculations, as the API answers them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel


class RecalculationOut(BaseModel):
    """A pass over a school's rows that folds them again: after a change of the calendar or, where blanks count, at the end of a day."""

    id: UUID
    school: str
    cause: Literal["calendar", "day-end"]
    terms: list[str]
    state: Literal["waiting", "running", "done", "superseded"]
    rows_total: int
    rows_done: int
    crossings: int
    created_at: datetime
    finished_at: datetime | None
