"""Work, as the API answers it."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from services.thresholds.work.items import WorkKind
from shared.attendance.tiers import Threshold


class WorkOut(BaseModel):
    """A thing that waits for a person. `student`, `student_id` and `record` are null where it is about the school, or about no record.

    `piece` names the meeting or the support plan that it is about. `holder` is the account of the member of staff whose it is today; null
    where the school lists no staff, and where it is about no student.
    """

    kind: WorkKind
    student: str | None
    student_id: UUID | None
    name: str | None
    year_level: int | None
    groups: list[str]
    record: UUID | None
    piece: UUID | None
    threshold: Threshold | None
    group: str | None = Field(
        description="The group whose roll nobody marked; null where it is the whole school's, or about something else"
    )
    due: date | None
    sentence: str
    holder: str | None
    holder_name: str | None
