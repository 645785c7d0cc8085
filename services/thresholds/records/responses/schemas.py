"""Response activities on STAR records, as the API takes and answers them."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, model_validator

from services.thresholds.schemas import Note, Text
from shared.web.schemas import Body


class ResponseOut(BaseModel):
    """A response activity on a record: the school's own activity and its label then, and the standard code that it stands for."""

    id: UUID
    activity: str
    label: str
    standard: str
    occurred_on: date
    staff: str
    note: str | None
    recorded_by: str
    recorded_at: datetime
    amended_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None


class ResponseIn(Body):
    """A response activity, by its key in the school's list."""

    activity: Text
    occurred_on: date
    staff: Text
    note: Note | None = None


class ResponsePatch(Body):
    """The fields to put right; those that you leave out stay as they are."""

    activity: Text | None = None
    occurred_on: date | None = None
    staff: Text | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _names_a_field(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name what is to be changed: activity, occurred_on, staff or note")
        for name in self.model_fields_set - {"note"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name}: can't be null")
        return self
