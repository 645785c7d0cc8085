"""Passes over what is said of students from before they were erased: a late message, one that is redriven, or one read after a restore."""

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.erasures import repository as erasures


class ErasedStudents:
    """The erasures of some students."""

    def __init__(self, moments: dict[uuid.UUID, datetime]) -> None:
        self._moments = moments

    def hide(self, student_id: uuid.UUID, said_at: datetime) -> bool:
        """Whether what was said of the student then was erased since."""
        erased_at = self._moments.get(student_id)
        return erased_at is not None and said_at <= erased_at


async def erased_among(connection: AsyncConnection, student_ids: Collection[uuid.UUID]) -> ErasedStudents:
    """The erasures of these students."""
    return ErasedStudents(await erasures.moments(connection, student_ids))
