"""What happened to a STAR record, as the API answers it."""

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
    """One thing that happened. `by` is whose token did it; null where the marks did. `response` is the response that it was about."""

    at: datetime
    by: str | None
    action: HistoryAction
    response: UUID | None
    changes: dict[str, Changed]


class HistoryList(BaseModel):
    """Everything that happened to a record and its responses, oldest first."""

    items: list[HistoryStep]
    next: None = None
