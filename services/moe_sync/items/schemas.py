"""Items as the API lists them: how far each record and response has come."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.moe_sync.items.item import Change, ItemKind
from services.moe_sync.roster.schemas import PageQuery

ItemState = Literal["waiting", "on-its-way", "accepted", "rejected", "not-needed"]
"""waiting: it has changed since it was last in an upload. not-needed: withdrawn before the Ministry had taken it."""


class ItemsQuery(PageQuery):
    """A page of records and responses: of one record (its responses included), or in one state."""

    record: UUID | None = None
    state: ItemState | None = None


class ItemOut(BaseModel):
    """The state of a record or response. `reject` is the Ministry's reason for rejecting the revision that was last sent.

    `revision` counts its versions; `included` is the last that was in an upload, `accepted` the last that the Ministry accepted.
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
