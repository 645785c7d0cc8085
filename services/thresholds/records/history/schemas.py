"""The history of a STAR record, as the API answers it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.thresholds.records.history.changes import HistoryAction, Json


class Changed(BaseModel):
    """A field's value before and after."""

    model_config = ConfigDict(populate_by_name=True)

    before: Json = Field(alias="from")
    after: Json = Field(alias="to")


class HistoryStep(BaseModel):
    """One change. `by` is the subject of the token that made it, null for a change that marks made. `response`: the one it is about."""

    at: datetime
    by: str | None
    action: HistoryAction
    response: UUID | None
    changes: dict[str, Changed]
