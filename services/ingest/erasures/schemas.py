"""The shapes of an erasure."""

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from shared.web.schemas import Body


class ErasureIn(Body):
    """Why a student is erased, for whoever looks at it later; without names."""

    why: Annotated[str, Field(min_length=3, max_length=500)]


class ErasureBegun(BaseModel):
    """The erasure of a student: gone here, and on its way to every other service."""

    school: str
    student: str
    student_id: uuid.UUID
    erased_at: datetime
