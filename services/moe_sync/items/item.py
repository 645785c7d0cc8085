"""STAR records and responses as the Ministry is sent them: the fields, and how an item is kept. Pure.

The order of the fields here is their order in what is kept and sent, so that equal items are equal bytes.
"""

from datetime import date
from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.attendance.tiers import Threshold

ItemKind = Literal["record", "response"]
RecordStatus = Literal["open", "closed", "withdrawn"]
Origin = Literal["crossing", "staff"]
Change = Literal["new", "amended", "withdrawn"]
"""The change of an item for a receiver that knows all it has accepted: something new, in place of its state, or the end of it."""


class RecordItem(Struct, frozen=True):
    """A STAR record. `days_absent` and `crossed_on` are those of its last crossing, or, made by staff, of its opening."""

    id: UUID
    student_id: UUID
    student: str
    threshold: Threshold | None
    days_absent: float
    crossed_on: date
    status: RecordStatus
    sequence: int
    term: str
    origin: Origin

    @property
    def gone(self) -> bool:
        """Whether it does not stand any more."""
        return self.status == "withdrawn"


class ResponseItem(Struct, frozen=True):
    """A response activity on a record; `withdrawn` when staff say that it never happened."""

    id: UUID
    record_id: UUID
    student_id: UUID
    activity: str
    occurred_on: date
    withdrawn: bool = False

    @property
    def gone(self) -> bool:
        """Whether it does not stand any more."""
        return self.withdrawn


Item = RecordItem | ResponseItem


_encoder: Final = msgspec.json.Encoder()
_record_decoder: Final = msgspec.json.Decoder(RecordItem)
_response_decoder: Final = msgspec.json.Decoder(ResponseItem)


def change_of(item: RecordItem | ResponseItem, *, known: bool) -> Change:
    """The change of an item for a receiver that knows it, or does not."""
    if not known:
        return "new"
    return "withdrawn" if item.gone else "amended"


def encode_item(item: Item) -> str:
    """An item as it is kept."""
    return _encoder.encode(item).decode()


def decode_record(content: str) -> RecordItem:
    """Reads back what `encode_item` wrote."""
    return _record_decoder.decode(content)


def decode_response(content: str) -> ResponseItem:
    """Reads back what `encode_item` wrote."""
    return _response_decoder.decode(content)
