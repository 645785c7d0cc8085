"""The document that goes with a student to another school: the format `nz.star.transfer.v1`, ours, as no public one exists. Pure.

It holds the student's name, so that the school that takes it in can see whose it is; never the national student number or a caregiver.
"""

from datetime import date
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shared.attendance.tiers import Threshold
from shared.events.data import HalfDayCount, Moment, TermDates, VendorCount

FORMAT: Final = "nz.star.transfer.v1"
HALF_DAYS: Final = 2
"""The most half days that a day has."""


class TransferredDay(Struct, frozen=True, kw_only=True):
    """A school's count of one day, in half days. `school` is the one that counted: the sender, or one before it."""

    date: date
    school: str
    unjustified: HalfDayCount
    justified: HalfDayCount
    present: HalfDayCount

    @property
    def count(self) -> VendorCount:
        """The day as the register keeps it."""
        return VendorCount(self.unjustified, self.justified, self.present)


class TransferredMark(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A mark that stood when the document was made."""

    date: date
    session: Literal["AM", "PM"] | None = None
    slot: int | None = None
    code: str | None = None
    minutes: int | None = None
    half_days: VendorCount | None = None
    recorded_at: Moment


class TransferredResponse(Struct, frozen=True, kw_only=True):
    """A response of the school. The note is there only if the sender chose to pass notes on."""

    activity: str
    label: str
    occurred_on: date
    note: str | None = None


class TransferredRecord(Struct, frozen=True, kw_only=True):
    """A STAR record and its responses. `school` is the one that kept it."""

    school: str
    threshold: Threshold | None
    status: Literal["open", "closed", "withdrawn"]
    absent_days: float
    crossed_on: date
    outcome: str | None = None
    responses: list[TransferredResponse] = []


class TransferredPiece(Struct, frozen=True, kw_only=True):
    """A contact, a meeting or a support plan of the school: when, and what became of it. `how` is a contact's way, `level` a plan's.

    `words` is the whole of it, with names: only if the sender chose to pass notes on.
    """

    kind: Literal["contact", "meeting", "support-plan"]
    at: Moment
    status: str
    how: str | None = None
    level: str | None = None
    words: dict[str, Any] | None = None


class TransferDocument(Struct, frozen=True, kw_only=True):
    """A student's term at a school, up to `exported_at`."""

    format: Literal["nz.star.transfer.v1"] = FORMAT
    school: str
    school_name: str
    student: str
    name: str | None
    term: TermDates
    exported_at: Moment
    absent_half_days: int
    days: list[TransferredDay]
    marks: list[TransferredMark]
    records: list[TransferredRecord]
    casework: list[TransferredPiece] = []


def without_names(document: TransferDocument) -> TransferDocument:
    """The document without the student's name, without notes, and without the words of casework."""
    records = [replace(record, responses=[replace(response, note=None) for response in record.responses]) for record in document.records]
    casework = [replace(piece, words=None) for piece in document.casework]
    return replace(document, name=None, records=records, casework=casework)


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(TransferDocument)


def encode(document: TransferDocument) -> bytes:
    """The bytes that are signed."""
    return _encoder.encode(document)


def decode(payload: bytes) -> TransferDocument:
    """Reads back what `encode` wrote. Raises ValueError for anything else; its message never quotes the document."""
    try:
        document = _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"this is no document of the format {FORMAT}") from error
    if len({day.date for day in document.days}) < len(document.days):
        raise ValueError("the document has a day twice")
    if any(day.unjustified + day.justified + day.present > HALF_DAYS for day in document.days):
        raise ValueError("the document has a day of more than two half days")
    return document
