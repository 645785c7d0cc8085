"""The door's settings."""

from datetime import timedelta
from typing import Final

from pydantic import Field

from shared.settings import Settings

SCHEMA: Final = "ingest"
"""The schema of the service's tables."""

QUIET_WORDS: Final = frozenset(
    {
        "no contact", "nocontact", "no-contact", "do not contact", "not to contact", "no access", "restricted", "denied", "blocked",
        "inactive", "former", "deceased", "emergency",
    }
)  # fmt: skip
"""The words in a caregiver's `status` or `role` that say that no letters go there. KAMAR's values are not public: a school's own can
be added."""


class IngestSettings(Settings):
    """Bounds on what comes in."""

    body_limit: int = Field(default=32 * 1024 * 1024, ge=1024)
    """Bytes of a request, on the wire and after decompression. A school's whole term (3,000 students) is a tenth of it."""

    import_limit: int = Field(default=50 * 1024 * 1024, ge=1024)
    """Bytes of a CSV file in one request, on the wire and after decompression. It is read as it comes: this bounds time, not memory."""

    clock_skew: timedelta = timedelta(minutes=5)
    """How far a sender's clock may be ahead of ours."""

    calendars_for: timedelta = timedelta(seconds=10)
    """How long a calendar is believed without another look. Before a mark is refused by the calendar, it is looked up anew."""

    kamar_body_limit: int = Field(default=200 * 1024 * 1024, ge=1024)
    """Bytes of a KAMAR document, on the wire and after decompression: what KAMAR may send."""

    kamar_body_timeout: timedelta = timedelta(minutes=10)
    """How long a KAMAR document may take to come in: 200 MB over a school's slow line."""

    kamar_payload_kept: timedelta = timedelta(days=3)
    """How long a document that could not be processed is kept, for a person to look: over a weekend. Others go when they are done."""

    kamar_info_url: str = "https://www.education.govt.nz/"
    """Where the school's people read what this service is; KAMAR shows it to them."""

    kamar_privacy_statement: str = Field(
        default=(
            "This service keeps students' names, year levels, groups, attendance and caregivers' contacts, to count days absent for the "
            "Ministry of Education's Stepped Attendance Response and to write to caregivers on the school's behalf. The school remains "
            "the owner of the data. It is not passed on to anybody but the Ministry, and never holds passwords. Contacts are deleted "
            "when a student leaves; attendance is kept seven years, as the law asks."
        ),
        min_length=100,
    )
    """KAMAR shows it to the school before anything is sent, and asks for 100 characters at least."""

    kamar_country: str = "New Zealand"
    """Where the data is stored, as KAMAR shows it to the school. Say the truth about your servers."""

    kamar_quiet_words: frozenset[str] = QUIET_WORDS
    """A caregiver's `status` or `role`, in lower case, that says that no letters go there."""

    kamar_slice: timedelta = timedelta(seconds=45)
    """How long one attempt works on a document before it goes on in the next: the shorter, the sooner another worker takes over from
    one that was killed."""

    kamar_attempts: int = Field(default=8, ge=1)
    """Failures of our own after which a document is given up: with the backoff, some six hours."""

    kamar_concurrency: int = Field(default=2, ge=1, le=10)
    """Documents a worker processes at once, of different schools. Each holds some megabytes and keeps a processor busy."""
