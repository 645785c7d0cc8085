"""Uploads as the API takes and answers them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.moe_sync.items.item import Change, ItemKind, Origin, RecordStatus
from services.moe_sync.roster.schemas import Line, WeekName
from services.moe_sync.uploads.repository.upload_log import UploadStatus
from shared.attendance.tiers import Threshold
from shared.web.schemas import Body


class RunIn(Body):
    """A run by hand."""

    week: WeekName


class PreviewQuery(Body):
    """The week to preview; the current one by default."""

    week: WeekName | None = None


class CountsOut(BaseModel):
    """The number of items in an upload."""

    records: int
    responses: int


class ChangesOut(BaseModel):
    """The number of items that are new, amended or withdrawn."""

    new: int
    amended: int
    withdrawn: int


class MarkSentIn(Body):
    """The receipt that the Ministry gave to the person who carried the upload there."""

    receipt: Line
    note: Line | None = None


class UploadRecordOut(BaseModel):
    """A STAR record as it is sent, without a national student number. `days_absent` and `crossed_on` are those of its last crossing."""

    id: UUID
    student_id: UUID
    student: str
    threshold: Threshold | None
    days_absent: float
    crossed_on: date
    status: RecordStatus
    sequence: int
    term: str
    origin: Origin
    change: Change


class UploadResponseOut(BaseModel):
    """A response activity as it is sent."""

    id: UUID
    record_id: UUID
    student_id: UUID
    activity: str
    occurred_on: date
    change: Change


class SentRecord(UploadRecordOut):
    """A record of an upload; `reject` is why the Ministry did not take it."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    kind: Literal["record"] = "record"
    reject: str | None


class SentResponse(UploadResponseOut):
    """A response of an upload; `reject` is why the Ministry did not take it."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    kind: Literal["response"] = "response"
    reject: str | None


class DocumentOut(BaseModel):
    """An upload's document as it would be sent."""

    format: Literal["nz.star.upload.v1"]
    version: str
    school: str
    term: str
    week: str
    number: int
    created_at: datetime
    records: list[UploadRecordOut]
    responses: list[UploadResponseOut]
    counts: CountsOut
    changes: ChangesOut
    checksum: str


class RejectOut(BaseModel):
    """An item that the Ministry did not take."""

    item: UUID
    reason: str


class UploadAttemptOut(BaseModel):
    """One attempt at sending. `ended_at` and `outcome` are null while it is under way, and for one that was killed."""

    attempt: int
    started_at: datetime
    ended_at: datetime | None
    outcome: Literal["done", "retry", "failed"] | None
    detail: str | None


class UploadSummary(BaseModel):
    """An upload. `sent_at` is when the Ministry answered it; `reason` is what went wrong last, null when nothing did.

    `outcome_unknown`: it was sent and may have arrived; it is asked for again under the same key until there is an answer. `digest` is
    the SHA-256 of the document as it was sent.
    """

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
    outcome_unknown: bool
    changes: ChangesOut
    digest: str
    checksum: str
    adapter: str | None
    marked_by: str | None
    note: str | None


class UploadListed(UploadSummary):
    """An upload in a list, with the number of its rejected items."""

    rejected: int


class UploadOut(UploadSummary):
    """An upload with its items and its last attempts."""

    items: list[Annotated[SentRecord | SentResponse, Field(discriminator="kind")]]
    rejects: list[RejectOut]
    attempts: list[UploadAttemptOut]


class SchoolUploads(BaseModel):
    """A school's newest upload in a word. `accepted_at` is when the Ministry last accepted one, `waiting` how many it has not answered."""

    school: str
    week: str | None
    status: UploadStatus | None
    reason: str | None
    accepted_at: datetime | None
    waiting: int


class DifferenceOut(BaseModel):
    """An item of an upload beside the version that the Ministry had accepted before; `fields` are those that differ."""

    item: UUID
    kind: ItemKind
    record: UUID
    change: Change
    before: dict[str, Any] | None
    after: dict[str, Any]
    fields: list[str]
    before_upload: UUID | None
    before_week: str | None
    reject: str | None


class FileOut(BaseModel):
    """A file of an upload. `as_sent` is false once national student numbers have been removed from the stored upload."""

    name: str
    media_type: str
    size: int
    sha256: str
    as_sent: bool


class CertificateQuery(Body):
    """Data, or a page to print."""

    format: Literal["json", "pdf"] = "json"
    """Data, or a page to print."""


class CertificateOut(BaseModel):
    """The evidence that an upload was sent. `document_digest` is the SHA-256 of the document's bytes, `checksum` that of its content.

    `marked_by` and `note` are there for an upload that a person carried; `keep_until` is when the evidence is erased.
    """

    certificate: Literal["nz.star.upload-certificate.v1"] = "nz.star.upload-certificate.v1"
    upload: UUID
    school: str
    school_name: str
    term: str
    week: str
    number: int
    format: str
    format_version: str
    built_at: datetime
    answered_at: datetime
    status: Literal["accepted", "partly-accepted"]
    adapter: str | None
    idempotency_key: str
    document_digest: str
    checksum: str
    receipt: str
    counts: CountsOut
    changes: ChangesOut
    rejected: int
    attempts: int
    marked_by: str | None
    note: str | None
    keep_until: datetime
