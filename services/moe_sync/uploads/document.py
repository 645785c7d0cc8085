"""The upload as it travels: our format `nz.star.upload.v1`. The Ministry's own is not public (docs/reference/ministry-upload.md). Pure.

The order of the fields here is their order in the document, so that equal documents are equal bytes.
"""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

from services.moe_sync.items.item import Change, Origin, RecordItem, RecordStatus, ResponseItem
from shared.attendance.tiers import Threshold

FORMAT: Final = "nz.star.upload.v1"
VERSION: Final = "1.1"
"""Within a format, a version adds fields and never takes any away or changes what one means."""

CONTENT_TYPE: Final = "application/json"


class RecordEntry(Struct, frozen=True, kw_only=True):
    """A record as a document says it. `nsn` is there for schools that have switched it on, null where none is known."""

    id: UUID
    student_id: UUID
    student: str
    threshold: Threshold | None
    days_absent: float
    crossed_on: date
    status: RecordStatus
    sequence: int
    term: str = ""
    origin: Origin = "crossing"
    change: Change = "new"
    nsn: str | UnsetType | None = UNSET


class ResponseEntry(Struct, frozen=True, kw_only=True):
    """A response as a document says it."""

    id: UUID
    record_id: UUID
    student_id: UUID
    activity: str
    occurred_on: date
    change: Change = "new"


class Counts(Struct, frozen=True):
    """The number of items, so that a document that was cut short is noticed."""

    records: int
    responses: int


class Changes(Struct, frozen=True):
    """The number of items of each kind of change."""

    new: int = 0
    amended: int = 0
    withdrawn: int = 0


class Document(Struct, frozen=True, kw_only=True):
    """One upload of a school's week. `number` counts the uploads of that week from 1; `term` is the one that the week lies in.

    Documents of version 1.0 did not say their version, nor changes or a checksum; those that are kept can still be read.
    """

    format: Literal["nz.star.upload.v1"] = FORMAT
    version: str = "1.0"
    school: str
    term: str
    week: str
    number: int
    created_at: datetime
    records: list[RecordEntry]
    responses: list[ResponseEntry]
    counts: Counts
    changes: Changes = Changes()
    checksum: str = ""


_encoder: Final = msgspec.json.Encoder()
_canonical_encoder: Final = msgspec.json.Encoder(order="sorted")
_document_decoder: Final = msgspec.json.Decoder(Document)


def record_entry(item: RecordItem, change: Change, nsn: str | UnsetType | None = UNSET) -> RecordEntry:
    """A record with what it is to the receiver."""
    return RecordEntry(**asdict(item), change=change, nsn=nsn)


def response_entry(item: ResponseItem, change: Change) -> ResponseEntry:
    """A response with what it is to the receiver."""
    return ResponseEntry(
        id=item.id,
        record_id=item.record_id,
        student_id=item.student_id,
        activity=item.activity,
        occurred_on=item.occurred_on,
        change=change,
    )


def changes_of(entries: Iterable[RecordEntry | ResponseEntry]) -> Changes:
    """The number of entries of each kind of change."""
    kinds = [entry.change for entry in entries]
    return Changes(kinds.count("new"), kinds.count("amended"), kinds.count("withdrawn"))


def checksum_of(document: Document) -> str:
    """SHA-256 over the document's canonical JSON (RFC 8785) without its checksum, as `sha-256:<hex>`.

    Unlike a digest of the bytes it holds for every writing of the same content, a set of CSV files included.
    """
    # RFC 8785 writes whole numbers without a fraction. All other rules hold already: keys are ASCII, strings are written as they are.
    records = [replace(entry, days_absent=_canonical_number(entry.days_absent)) for entry in document.records]
    content = msgspec.structs.asdict(replace(document, records=records))
    del content["checksum"]
    return f"sha-256:{hashlib.sha256(_canonical_encoder.encode(content)).hexdigest()}"


def sealed(document: Document) -> Document:
    """The document with its checksum."""
    return replace(document, checksum=checksum_of(document))


def without_nsn(document: Document) -> Document:
    """The document without national student numbers; its checksum stays that of what was sent."""
    return replace(document, records=[replace(entry, nsn=UNSET) for entry in document.records])


def has_nsn(document: Document) -> bool:
    """Whether the document holds a national student number."""
    return any(isinstance(entry.nsn, str) for entry in document.records)


def without_nsn_of(document: Document, student_id: UUID) -> Document:
    """The document without one student's number; its checksum stays that of what was sent."""
    records = [replace(entry, nsn=UNSET) if entry.student_id == student_id else entry for entry in document.records]
    return replace(document, records=records)


def has_nsn_of(document: Document, student_id: UUID) -> bool:
    """Whether the document holds a student's national student number."""
    return any(isinstance(entry.nsn, str) for entry in document.records if entry.student_id == student_id)


def encode_document(document: Document) -> bytes:
    """The bytes that are kept and sent."""
    return _encoder.encode(document)


def decode_document(body: bytes) -> Document:
    """Reads back what `encode_document` wrote."""
    return _document_decoder.decode(body)


def digest_of(body: bytes) -> bytes:
    """The SHA-256 of the bytes."""
    return hashlib.sha256(body).digest()


def _canonical_number(number: float) -> float:
    return int(number) if number.is_integer() else number
