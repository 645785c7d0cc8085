"""One record that could not be applied."""

import uuid
from dataclasses import dataclass

from shared.bus.interface import Message
from shared.identifiers import NAMESPACE


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record, or the part of it, that could not be applied.

    `value` is what a redrive publishes again; None takes the message's own. `count` is how many marks (or records) it holds.
    """

    message: Message
    reason: str
    detail: str
    school: str | None = None
    value: bytes | None = None
    count: int = 1

    @property
    def id(self) -> uuid.UUID:
        """Derived from the place and the reason: a batch that is handled again keeps the same letter."""
        place = f"{self.message.topic}/{self.message.partition}/{self.message.offset}"
        return uuid.uuid5(NAMESPACE, f"dead-letter/{place}/{self.reason}")
