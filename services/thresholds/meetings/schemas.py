"""Meetings, as the API answers them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.thresholds.meetings.meeting import Invited, MeetingStatus


class MeetingOut(BaseModel):
    """A meeting. `sequence` counts the changes that its calendar file tells: moved, cancelled, other people.

    `record` and `response` name the response that a held one wrote; null without an open record at that time.
    """

    id: UUID
    school: str
    student: str
    student_id: UUID
    term: str
    at: datetime
    minutes: int
    place: str | None
    people: list[Invited]
    agenda: str | None
    outcome: str | None
    status: MeetingStatus
    staff: str | None
    assigned_to: str | None
    sequence: int
    record: UUID | None
    response: UUID | None
    version: int
    made_by: str
    made_at: datetime
    updated_at: datetime
