"""A term that a student brought from another school. Pure data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.identifiers import SchoolNumber

TransferState = Literal["active", "superseded", "withdrawn"]
"""`superseded`: a newer document of the same school has taken its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A document as this school has taken it in; `document` are the bytes that were signed."""

    id: UUID
    school: SchoolNumber
    student: str
    student_id: UUID
    term: str
    from_school: str
    exported_at: datetime
    document: bytes
    state: TransferState
    imported_by: str
    imported_at: datetime
    withdrawn_at: datetime | None = None
