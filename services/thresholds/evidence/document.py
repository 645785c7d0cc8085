"""The document of a student's term as evidence: the format `nz.star.evidence.v1`, ours, as no public one exists. Pure data.

It names the student, the staff and whom they spoke to; never the national student number or a caregiver's address.
"""

from datetime import date, datetime
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from shared.events.data import TermDates

FORMAT: Final = "nz.star.evidence.v1"

Cover = Literal["case", "person"]
"""`case`: for the Ministry, the Attendance Service or a court. `person`: for somebody who asks what is held about them."""


class EvidenceDay(Struct, frozen=True, kw_only=True):
    """A day with an absence, or with a mark that changed: its codes as marked, and the rule that counted it."""

    date: date
    absent_half_days: int
    marks: list[str]
    explanation: str
    corrections: int


class Decided(Struct, frozen=True, kw_only=True):
    """A step of a record's history: `by` is an account, null for the marks' own doing."""

    at: datetime
    by: str | None
    action: str
    fields: list[str]


class Responded(Struct, frozen=True, kw_only=True):
    """A response of the school on a record."""

    occurred_on: date
    label: str
    standard: str
    staff: str
    note: str | None
    recorded_by: str
    recorded_at: datetime


class EvidenceRecord(Struct, frozen=True, kw_only=True):
    """A STAR record with its responses and every decision about it."""

    threshold: int | None
    crossed_on: date
    absent_days: float
    status: str
    outcome: str | None
    assigned_to: str | None
    responses: list[Responded]
    history: list[Decided]


class EvidenceHold(Struct, frozen=True, kw_only=True):
    """A time in which letters were held back, and the account that did."""

    threshold: int | None
    held_by: str
    held_at: datetime
    until: date | None
    lifted_at: datetime | None
    reason: str | None


class EvidenceContact(Struct, frozen=True, kw_only=True):
    """An attempt to reach the family."""

    at: datetime
    how: str
    with_whom: str
    outcome: str
    took_part: bool | None
    staff: str
    note: str | None


class EvidenceMeeting(Struct, frozen=True, kw_only=True):
    """A meeting. `moved`: how often its time or people changed."""

    at: datetime
    status: str
    place: str | None
    people: list[str]
    agenda: str | None
    outcome: str | None
    moved: int


class EvidencePlan(Struct, frozen=True, kw_only=True):
    """A support plan as it stands, with the day of each of its versions."""

    level: str
    status: str
    agreed_on: date | None
    agreed_by: list[str]
    barriers: list[str]
    goals: list[dict[str, Any]]
    actions: list[dict[str, Any]]
    reviews: list[dict[str, Any]]
    next_review: date | None
    saved: list[datetime]


class EvidenceReply(Struct, frozen=True, kw_only=True):
    """A family's answer to a letter, by the link in it. The family's own words are not in the document."""

    at: datetime
    threshold: int
    choice: str
    status: str


class EvidenceLetter(Struct, frozen=True, kw_only=True):
    """A letter that went to one address of the family. `digest`: the SHA-256 of its words, which the school can print from the student's
    page. `came_back_at`: it did not arrive."""

    sent_at: datetime
    threshold: int | None
    occasion: str | None
    channel: str
    is_correction: bool
    came_back_at: datetime | None
    digest: str


class EvidenceItem(Struct, frozen=True, kw_only=True, rename={"source": "from"}):
    """A point of the checklist."""

    item: str
    met: bool
    why: str
    source: str


class EvidenceDocument(Struct, frozen=True, kw_only=True):
    """A student's term at a school, up to `made_at`. `notes`: whether the staff's own words are in it. `accounts`: the names of
    those whose accounts it has, as far as the school lists them."""

    format: str = FORMAT
    cover: Cover
    notes: bool
    school: str
    school_name: str
    timezone: str
    student: str
    name: str | None
    year_level: int | None
    term: TermDates
    made_at: datetime
    made_by: str
    absent_half_days: int
    absent_days: float
    tier: str
    attended_half_days: int
    unmarked_half_days: int
    causes: list[str]
    days: list[EvidenceDay]
    items: list[EvidenceItem]
    records: list[EvidenceRecord]
    holds: list[EvidenceHold]
    contacts: list[EvidenceContact]
    meetings: list[EvidenceMeeting]
    plans: list[EvidencePlan]
    replies: list[EvidenceReply] = []
    letters: list[EvidenceLetter] = []
    accounts: dict[str, str] = {}


def encode(document: EvidenceDocument) -> bytes:
    """The bytes that are signed."""
    return msgspec.json.encode(document)
