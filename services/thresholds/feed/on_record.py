"""The audit log's lines for events that a reader of the feed was given."""

from collections import defaultdict
from collections.abc import Sequence

from services.thresholds.feed.encoded import EncodedEvent
from shared.audit.log import Shown


def shown_in(events: Sequence[EncodedEvent]) -> Shown:
    """A line for each school whose students the events are about."""
    students: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.student is not None:
            students[event.school].add(event.student)
    return Shown.of("read-events", students)
