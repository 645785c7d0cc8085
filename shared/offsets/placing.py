"""Where a group reads on in a partition, and what it has to say of it. Pure."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.bus.interface import Log, Partition

GapKind = Literal["lost", "log-shorter", "another-topic"]
"""lost: messages from `from_offset` up to `to_offset` are gone from the log, unread. log-shorter: the log ends at `to_offset`, before what
we have read: it was cut or restored. another-topic: the topic was deleted and made again after we had read up to `from_offset`."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The part of a partition that a group has consumed: all before `next_offset`. `moved_at` is on the database's clock."""

    topic_id: uuid.UUID | None
    next_offset: int
    moved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A finding: what a log holds is not what follows on what was consumed. The times are of the last batch before, and the first message
    after, where they are known."""

    group: str
    partition: Partition
    kind: GapKind
    from_offset: int
    to_offset: int
    from_time: datetime | None
    to_time: datetime | None


@dataclass(frozen=True, slots=True)
class Restore:
    """A finding: the bus knows that the group has read up to `to_offset`, and the database stands at `from_offset`. It was put back to a
    time before, and what was done meanwhile is done once more. `from_time` is when the database's last batch was."""

    group: str
    partition: Partition
    from_offset: int
    to_offset: int
    from_time: datetime | None


def set_back(group: str, partition: Partition, kept: Kept | None, log: Log, committed: int) -> Restore | None:
    """Whether the database was put back, by what the group had told the bus: that is never ahead of what it has kept.

    A database that knows nothing of the partition was put back to its beginning. Another topic of the name says nothing.
    """
    if kept is not None and None not in (kept.topic_id, log.topic_id) and kept.topic_id != log.topic_id:
        return None
    at = log.oldest if kept is None else kept.next_offset
    if committed <= at:
        return None
    return Restore(group, partition, at, committed, None if kept is None else kept.moved_at)


def place(group: str, partition: Partition, kept: Kept, log: Log) -> tuple[Kept, Gap | None]:
    """Where to read on, and the gap that lies before it.

    A log that is not the one we have read is read from its beginning: what is handled twice does no harm, what is skipped does.
    """
    here = Kept(log.topic_id or kept.topic_id, kept.next_offset, kept.moved_at)
    beginning = Kept(here.topic_id, log.oldest, kept.moved_at)
    if None not in (kept.topic_id, log.topic_id) and kept.topic_id != log.topic_id:
        return beginning, Gap(group, partition, "another-topic", kept.next_offset, log.oldest, kept.moved_at, log.oldest_at)
    if kept.next_offset > log.end:
        return beginning, Gap(group, partition, "log-shorter", kept.next_offset, log.end, kept.moved_at, log.oldest_at)
    if kept.next_offset < log.oldest:
        return beginning, Gap(group, partition, "lost", kept.next_offset, log.oldest, kept.moved_at, log.oldest_at)
    return here, None
