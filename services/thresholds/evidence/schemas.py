"""Evidence, as the API answers it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.thresholds.evidence.checklist import Mend, Source


class EvidencePoint(BaseModel):
    """A point: whether it is met, why, and the list that asks for it. `mend`: where a person mends it; null when it is met."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    item: str
    met: bool
    why: str
    source: Source = Field(alias="from")
    mend: Mend | None


class EvidenceOut(BaseModel):
    """The checklist of a student's term. `ready`: the lists of which every point is met."""

    school: str
    student: str
    student_id: UUID
    name: str | None
    term: str
    absent_days: float
    ready: list[Source]
    items: list[EvidencePoint]


class VerifiedOut(BaseModel):
    """A document of evidence that was signed here, or by an engine that is trusted here, and was not changed since."""

    format: Literal["nz.star.evidence.v1"]
    school: str
    term: str
    made_at: datetime
    sha256: str
