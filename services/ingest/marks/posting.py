"""Marks that were let in, as events: the roll in the sizes that the bus carries fastest."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from msgspec import Raw

from services.ingest.marks.batch import split
from shared.bus.interface import Outgoing
from shared.events.catalogue import MARKS_RECORDED
from shared.events.data import MarksPosted
from shared.events.envelope import Event, new_event_id
from shared.identifiers import SchoolNumber

MARKS_AN_EVENT: Final = 500


def _drawn(_: int) -> str:
    return new_event_id()


def roll_messages(
    school: SchoolNumber, source: str, received_at: datetime, marks: Sequence[Raw], *, event_id: Callable[[int], str] = _drawn
) -> Iterator[Outgoing]:
    """The messages that say these marks, in order. `event_id` makes the id of each from its place, for marks that may come again."""
    for place, some in enumerate(split(marks, MARKS_AN_EVENT)):
        data = MarksPosted(school=school, source=source, received_at=received_at, marks=list(some))
        yield Event(MARKS_RECORDED, event_id(place), "/ingest", received_at, school, data).encode()
