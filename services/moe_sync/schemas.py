"""What the API takes and answers."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.moe_sync.roster.repository.preferences import AdapterName
from services.moe_sync.uploads.document import Change, ItemKind, Origin, RecordStatus
from services.moe_sync.uploads.repository.upload_log import UploadStatus
from services.moe_sync.windows.week import Closing, Week
from shared.attendance.tiers import Threshold
from shared.web.cursors import MOST_ITEMS


def _is_week(text: str) -> str:
    Week.parse(text)
    return text


def _is_closing(text: str) -> str:
    Closing.parse(text)
    return text.strip().lower()


ItemState = Literal["waiting", "on-its-way", "accepted", "rejected", "not-needed"]
"""waiting: it has changed since it was last in an upload. not-needed: withdrawn before the Ministry had taken it."""

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A line that a person has written."""

Limit = Annotated[
    int,
    Field(ge=1, description=f"Items of a page; {MOST_ITEMS} at most, whatever is asked for"),
    AfterValidator(lambda limit: min(limit, MOST_ITEMS)),
]
"""As `shared.web.cursors.PageLimit`, in a query that refuses unknown fields: there, a field can't be a query of its own."""

ClosingText = Annotated[str, AfterValidator(_is_closing), Field(max_length=20, examples=["thursday 17:30"])]
WeekName = Annotated[str, AfterValidator(_is_week), Field(examples=["2026-W43"], description="ISO week")]


class Body(BaseModel):
    """A request body or query: unknown fields are refused, so that a typo can't pass for silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RunIn(Body):
    """A run by hand."""

    week: WeekName


class UploadsQuery(Body):
    """Which uploads to list."""

    limit: Limit = 50
    cursor: str | None = None


class ItemsQuery(UploadsQuery):
    """Which records and responses to list: of one record (its responses included), or in one state."""

    record: UUID | None = None
    state: ItemState | None = None


class PreviewQuery(Body):
    """Which week to preview; the running one by default."""

    week: WeekName | None = None


class CountsOut(BaseModel):
    """How many items an upload holds."""

    records: int
    responses: int


class SettingsIn(Body):
    """A school's choices; a field that is left out stays as it is, null goes back to the service's own."""

    closes: ClosingText | None = None
    adapter: AdapterName | None = None
    nsn: bool = False


class PauseIn(Body):
    """Why nothing is to be sent for now."""

    reason: Words


class MarkIn(Body):
    """What the Ministry gave whoever carried the upload there."""

    receipt: Words
    note: Words | None = None


class PauseOut(BaseModel):
    """Since when nothing is sent, who wanted it so, and why."""

    at: datetime
    by: str
    reason: str


class SettingsOut(BaseModel):
    """A school's choices, and what holds in the end: `effective_adapter` null where the way chosen is not set up."""

    school: str
    closes: str | None
    adapter: AdapterName | None
    nsn: bool
    effective_closes: str
    effective_adapter: AdapterName | None
    next_close: datetime | None
    paused: PauseOut | None
    updated_at: datetime | None
    updated_by: str | None


class ChangesOut(BaseModel):
    """How many items are new, amended or withdrawn."""

    new: int
    amended: int
    withdrawn: int


class RecordOut(BaseModel):
    """A STAR record as it goes, but for a national student number. `days_absent` and `crossed_on` are those of its last crossing."""

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


class ResponseOut(BaseModel):
    """A response activity as it goes."""

    id: UUID
    record_id: UUID
    student_id: UUID
    activity: str
    occurred_on: date
    change: Change


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
    version: str
    school: str
    term: str
    week: str
    number: int
    created_at: datetime
    records: list[RecordOut]
    responses: list[ResponseOut]
    counts: CountsOut
    changes: ChangesOut
    checksum: str


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
    """An upload with all it holds, and its last attempts."""

    items: list[Annotated[SentRecord | SentResponse, Field(discriminator="kind")]]
    rejects: list[RejectOut]
    attempts: list[AttemptOut]


class UploadsOut(BaseModel):
    """A page of uploads, newest first."""

    items: list[UploadListed]
    next: str | None


class ItemOut(BaseModel):
    """A record or response: how far it has come. `reject` is why the Ministry did not take what was last sent of it.

    `revision` counts its states; `included` is the last that an upload took along, `accepted` the last that the Ministry took.
    """

    id: UUID
    kind: ItemKind
    record: UUID
    state: ItemState
    revision: int
    included: int
    accepted: int
    changed_at: datetime
    upload: UUID | None
    week: str | None
    number: int | None
    change: Change | None
    reject: str | None


class ItemsOut(BaseModel):
    """A page of records and responses, by id."""

    items: list[ItemOut]
    next: str | None


class WindowOut(BaseModel):
    """A week: when it is built, when it was, and what became of its newest upload."""

    week: str
    due_at: datetime
    done_at: datetime | None
    problem: str | None
    upload: UUID | None
    number: int | None
    status: UploadStatus | None


class WindowsOut(BaseModel):
    """A page of weeks, newest first."""

    items: list[WindowOut]
    next: str | None


class DifferenceOut(BaseModel):
    """An item of an upload beside what the Ministry had taken of it before; `fields` are those that differ."""

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


class DifferencesOut(BaseModel):
    """A page of what an upload changes, by item."""

    items: list[DifferenceOut]
    next: str | None


class FileOut(BaseModel):
    """A file of an upload. `as_sent` is false once national student numbers have been taken out of what is kept."""

    name: str
    media_type: str
    size: int
    sha256: str
    as_sent: bool


class FilesOut(BaseModel):
    """The files of an upload."""

    items: list[FileOut]
    next: None = None


class LeaderOut(BaseModel):
    """Who schedules: the machine, since when, until when if it were to die now, and the how-manieth to lead."""

    host: str | None
    since: datetime | None
    until: datetime | None
    fence: int


class StatusOut(BaseModel):
    """How uploads are going, of the schools that the token holds for."""

    leader: LeaderOut | None
    windows_overdue: int
    pending: int
    sending: int
    outcome_unknown: int
    adapters: list[AdapterName]
    default_adapter: AdapterName
