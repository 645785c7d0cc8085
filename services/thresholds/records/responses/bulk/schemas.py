"""Many responses at once, as the API takes and answers them."""

from datetime import date
from typing import Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.thresholds.records.responses.schemas import ResponseIn
from shared.web.schemas import Body

MOST_RESPONSES: Final = 500

Reason = Literal["bad-field", "unknown-record", "unknown-activity", "activity-not-offered", "future-date", "note-missing", "key-used"]
"""The reason why an item is not taken."""


class ResponseOnRecord(ResponseIn):
    """A response, and the id of its record."""

    record: UUID


class ResponsesIn(Body):
    """Responses on records of one school: `{"record", "activity", "occurred_on", "staff", "note"}`. Items are checked one by one."""

    responses: list[dict[str, object]] = Field(
        min_length=1,
        max_length=MOST_RESPONSES,
        examples=[
            [
                {
                    "record": "6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0",
                    "activity": "conversation-with-whanau",
                    "occurred_on": str(date(2026, 11, 19)),
                    "staff": "Ms Example",
                    "note": None,
                }
            ]
        ],
    )


class RecordedOut(BaseModel):
    """An item that was recorded, by its place in the request: with these ids the response can be put right or withdrawn."""

    index: int
    record: UUID
    response: UUID


class RefusedOut(BaseModel):
    """An item that was not taken, by its place in the request. `detail` never quotes it."""

    index: int
    reason: Reason
    detail: str


class ResponsesOut(BaseModel):
    """The result, item by item."""

    accepted: int
    rejected: list[RefusedOut]
    items: list[RecordedOut]
