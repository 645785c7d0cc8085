"""The refused parts of a document: counted by reason, and listed by student and day as far as a person would read."""

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from shared.identifiers import NAMESPACE

MOST_LISTED: Final = 200
"""Rows for one reason in one document; what is over goes into one row that names nobody."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was not applied, `count` times. The detail never quotes the document."""

    reason: str
    detail: str
    student: str | None
    day: date | None
    count: int

    def id(self, document: uuid.UUID) -> uuid.UUID:
        """Derived: the same fault of the same document is one row."""
        return uuid.uuid5(NAMESPACE, f"refusal/{document}/{self.reason}/{self.student}/{self.day}")


@dataclass
class Refusals:
    """The refusals of one document. `totals` and `listed` are by reason, and outlive a restart."""

    totals: dict[str, int] = field(default_factory=dict)
    listed: dict[str, int] = field(default_factory=dict)
    _new: dict[tuple[str, str | None, date | None], Refusal] = field(default_factory=dict)

    def add(self, reason: str, detail: str, *, student: str | None = None, day: date | None = None, count: int = 1) -> None:
        """Notes something that is not applied."""
        self.totals[reason] = self.totals.get(reason, 0) + count
        place = (reason, student, day)
        if student is not None and place not in self._new:
            if self.listed.get(reason, 0) >= MOST_LISTED:
                place, student, day = (reason, None, None), None, None
            else:
                self.listed[reason] = self.listed.get(reason, 0) + 1
        before = self._new.get(place)
        self._new[place] = Refusal(reason, detail, student, day, count + (before.count if before is not None else 0))

    def take(self) -> list[Refusal]:
        """The refusals since the last call, to be kept."""
        new, self._new = list(self._new.values()), {}
        return new
