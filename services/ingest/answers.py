"""The result of a batch of marks, students or rows of a file: the answer is the same for all."""

from typing import Literal

from pydantic import BaseModel

Reason = Literal["unknown-code", "outside-term", "closed-day", "future-date", "no-timetable", "bad-field", "duplicate-slot"]
"""Why an item is not taken."""


class Rejected(BaseModel):
    """An item that was not taken, by its place in the request."""

    index: int
    reason: Reason
    detail: str


class BatchAnswer(BaseModel):
    """The result of a batch: how many items were accepted, and each that was not, with its place and reason."""

    accepted: int
    rejected: list[Rejected]
