"""Marks that were let in, as events: the roll in the sizes that the bus carries fastest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from msgspec import Raw, json, structs

from services.ingest.marks.batch import split
from shared.bus.interface import MessageTooLargeError, Outgoing, Publisher
from shared.events.catalogue import MARKS_RECORDED
from shared.events.data import MarksPosted
from shared.events.envelope import Event, new_event_id
from shared.identifiers import SchoolNumber

MARKS_AN_EVENT: Final = 500

_encoder: Final = json.Encoder()
_decoder: Final = json.Decoder(MarksPosted)


def _drawn(_: int) -> str:
    return new_event_id()


def roll_messages(
    school: SchoolNumber, source: str, received_at: datetime, marks: Sequence[Raw], *, event_id: Callable[[int], str] = _drawn
) -> Iterator[Outgoing]:
    """The messages that say these marks, in order. `event_id` makes the id of each from its place, for marks that may come again."""
    for place, some in enumerate(split(marks, MARKS_AN_EVENT)):
        data = MarksPosted(school=school, source=source, received_at=received_at, marks=list(some))
        yield Event(MARKS_RECORDED, event_id(place), "/ingest", received_at, school, data).encode()


async def post(publisher: Publisher, messages: Sequence[Outgoing]) -> None:
    """Publishes messages. Rolls that the broker finds too large go in halves, as often as it takes.

    Raises BusUnavailableError, and MessageTooLargeError for what can't be halved.
    """
    while messages:
        try:
            await publisher.publish(messages)
        except MessageTooLargeError as error:
            if not error.refused:
                raise
            # All others are kept.
            messages = [half for message in error.refused for half in _halves(message, error)]
        else:
            return


def _halves(message: Outgoing, error: MessageTooLargeError) -> Iterator[Outgoing]:
    roll = _decoder.decode(message.value or b"null") if message.topic == MARKS_RECORDED.topic.name else None
    if roll is None or len(roll.marks) == 1:
        raise error
    middle = len(roll.marks) // 2
    for name, marks in (("a", roll.marks[:middle]), ("b", roll.marks[middle:])):
        headers = tuple((key, value + b"/" + name.encode() if key == "ce_id" else value) for key, value in message.headers)
        yield replace(message, value=_encoder.encode(structs.replace(roll, marks=marks)), headers=headers)
