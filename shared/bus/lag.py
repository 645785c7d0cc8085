"""How far a group is behind."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GroupLag:
    """One group at one partition: it reads `position` next, and the next message will be written at `end`.

    `seconds` is how long the message at `position` has waited, 0 where none does.
    """

    group: str
    topic: str
    partition: int
    position: int
    end: int
    seconds: float

    @property
    def records(self) -> int:
        """Messages that the group has yet to read; in a compacted topic, at most so many."""
        return max(0, self.end - self.position)

    @property
    def beyond_end(self) -> bool:
        """Whether the group is ahead of the log: the log was made again or restored, and its next messages would be passed over."""
        return self.position > self.end
