"""Contacts, as the API answers them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.thresholds.contacts.contact import How, Outcome


class ContactOut(BaseModel):
    """An attempt to reach a family. `took_part`: the family did (`reached`), or would not (`declined`); null where nobody was reached.

    `record` and `response` name the response that it was recorded as.
    """

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    id: UUID
    school: str
    student: str
    student_id: UUID
    term: str
    at: datetime
    how: How
    with_whom: str = Field(alias="with")
    outcome: Outcome
    took_part: bool | None
    note: str | None
    staff: str
    activity: str | None
    record: UUID | None
    response: UUID | None
    status: Literal["recorded", "withdrawn"]
    recorded_by: str
    recorded_at: datetime
