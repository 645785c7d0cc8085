"""What the API takes and answers."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.moe_sync.document import RecordStatus
from services.moe_sync.repository.uploads import UploadStatus
from services.moe_sync.windows import Week
from shared.attendance.tiers import Threshold


def _is_week(text: str) -> str:
    Week.parse(text)
    return text


WeekName = Annotated[str, AfterValidator(_is_week), Field(examples=["2026-W43"], description="ISO week")]


class Body(BaseModel):
    """A request body or query: unknown fields are refused, so that a typo can't pass for silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RunIn(Body):
    """A run by hand."""

    week: WeekName


class UploadsQuery(Body):
    """Which uploads to list."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = None


class PreviewQuery(Body):
    """Which week to preview; the running one by default."""

    week: WeekName | None = None


class CountsOut(BaseModel):
    """How many items an upload holds."""

    records: int
    responses: int


class RecordOut(BaseModel):
    """A STAR record as it goes. `days_absent` and `crossed_on` are those of its last crossing."""

    id: UUID
    student_id: UUID
    student: str
    threshold: Threshold | None
    days_absent: float
    crossed_on: date
    status: RecordStatus
    sequence: int


class ResponseOut(BaseModel):
    """A response activity as it goes."""

    id: UUID
    record_id: UUID
    student_id: UUID
    activity: str
    occurred_on: date


class SentRecord(RecordOut):
    """A record of an upload; `reject` is why the Ministry did not take it."""

    kind: Literal["record"] = "record"
    reject: str | None


class SentResponse(ResponseOut):
    """A response of an upload; `reject` is why the Ministry did not take it."""

    kind: Literal["response"] = "response"
    reject: str | None


class DocumentOut(BaseModel):
    """An upload as it would travel."""

    format: Literal["nz.star.upload.v1"]
    school: str
    term: str
    week: str
    number: int
    created_at: datetime
    records: list[RecordOut]
    responses: list[ResponseOut]
    counts: CountsOut


class RejectOut(BaseModel):
    """An item that the Ministry did not take."""

    item: UUID
    reason: str


class AttemptOut(BaseModel):
    """One attempt at sending. `ended_at` and `outcome` are null while it is under way, and for one that was killed."""

    attempt: int
    started_at: datetime
    ended_at: datetime | None
    outcome: Literal["done", "retry", "failed"] | None
    detail: str | None


class UploadSummary(BaseModel):
    """An upload. `sent_at` is when the Ministry answered it; `reason` is what went wrong last, null when nothing did."""

    id: UUID
    school: str
    term: str
    week: str
    number: int
    status: UploadStatus
    created_at: datetime
    sent_at: datetime | None
    idempotency_key: str
    counts: CountsOut
    receipt: str | None
    reason: str | None


class UploadListed(UploadSummary):
    """An upload in a list, with the number of its rejected items."""

    rejected: int


class UploadOut(UploadSummary):
    """An upload with all it holds, and its last attempts."""

    items: list[Annotated[SentRecord | SentResponse, Field(discriminator="kind")]]
    rejects: list[RejectOut]
    attempts: list[AttemptOut]


class UploadsOut(BaseModel):
    """A page of uploads, newest first."""

    items: list[UploadListed]
    next: str | None
