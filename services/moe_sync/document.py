"""The upload as it travels: our format `nz.star.upload.v1`. The Ministry's own is not public (docs/reference/ministry-upload.md). Pure.

The order of the fields here is their order in the document, so that equal documents are equal bytes.
"""

import hashlib
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.attendance.tiers import Threshold

FORMAT: Final = "nz.star.upload.v1"
CONTENT_TYPE: Final = "application/json"

ItemKind = Literal["record", "response"]
RecordStatus = Literal["open", "closed", "withdrawn"]


class RecordItem(Struct, frozen=True):
    """A STAR record. `days_absent` and `crossed_on` are those of its last crossing."""

    id: UUID
    student_id: UUID
    student: str
    threshold: Threshold | None
    days_absent: float
    crossed_on: date
    status: RecordStatus
    sequence: int


class ResponseItem(Struct, frozen=True):
    """A response activity on a record."""

    id: UUID
    record_id: UUID
    student_id: UUID
    activity: str
    occurred_on: date


Item = RecordItem | ResponseItem


class Counts(Struct, frozen=True):
    """How many items there are, so that a document cut short is found out."""

    records: int
    responses: int


class Document(Struct, frozen=True, kw_only=True):
    """One upload of a school's week. `number` counts the uploads of that week from 1; `term` is the one that the week lies in."""

    format: Literal["nz.star.upload.v1"] = FORMAT
    school: str
    term: str
    week: str
    number: int
    created_at: datetime
    records: list[RecordItem]
    responses: list[ResponseItem]
    counts: Counts


_encoder: Final = msgspec.json.Encoder()
_document_decoder: Final = msgspec.json.Decoder(Document)
_record_decoder: Final = msgspec.json.Decoder(RecordItem)
_response_decoder: Final = msgspec.json.Decoder(ResponseItem)


def encode_document(document: Document) -> bytes:
    """The bytes that are kept and sent."""
    return _encoder.encode(document)


def decode_document(body: bytes) -> Document:
    """Reads back what `encode_document` wrote."""
    return _document_decoder.decode(body)


def digest_of(body: bytes) -> bytes:
    """The SHA-256 of the bytes."""
    return hashlib.sha256(body).digest()


def encode_item(item: Item) -> str:
    """An item as it stands in the document."""
    return _encoder.encode(item).decode()


def decode_record(content: str) -> RecordItem:
    """Reads back what `encode_item` wrote."""
    return _record_decoder.decode(content)


def decode_response(content: str) -> ResponseItem:
    """Reads back what `encode_item` wrote."""
    return _response_decoder.decode(content)
