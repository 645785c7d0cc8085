"""A school's weeks and choices, and how uploads are going, as the API takes and answers them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.moe_sync.roster.preferences import AdapterName
from services.moe_sync.roster.schemas import Line
from services.moe_sync.roster.week import Closing
from services.moe_sync.uploads.repository.upload_log import UploadStatus
from shared.web.schemas import Body


def _is_closing(text: str) -> str:
    Closing.parse(text)
    return text.strip().lower()


ClosingText = Annotated[str, AfterValidator(_is_closing), Field(max_length=20, examples=["thursday 17:30"])]


class SettingsIn(Body):
    """A school's choices. A field that is left out stays as it is; null goes back to the service's own value."""

    closes: ClosingText | None = None
    adapter: AdapterName | None = None
    nsn: bool = False


class PauseIn(Body):
    """The reason for sending nothing for now."""

    reason: Line


class PauseOut(BaseModel):
    """A pause: its start, the person who asked for it, and the reason."""

    at: datetime
    by: str
    reason: str


class SettingsOut(BaseModel):
    """A school's choices, and the values in force: `effective_adapter` is null when the chosen adapter is not set up."""

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


class WindowOut(BaseModel):
    """A week: when it is to be built, when it was built, and its newest upload."""

    week: str
    due_at: datetime
    done_at: datetime | None
    problem: str | None
    upload: UUID | None
    number: int | None
    status: UploadStatus | None


class LeaderOut(BaseModel):
    """The worker that schedules uploads: its host, when its lease began and ends, and its fencing number."""

    host: str | None
    since: datetime | None
    until: datetime | None
    fence: int


class StatusOut(BaseModel):
    """The state of the uploads of the token's schools."""

    leader: LeaderOut | None
    windows_overdue: int
    pending: int
    sending: int
    outcome_unknown: int
    adapters: list[AdapterName]
    default_adapter: AdapterName
