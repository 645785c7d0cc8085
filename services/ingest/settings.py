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
"""The words in a caregiver's `status` or `role` that say that no letters go there, for a notifier of the release before, which reads no
text. Whether letters go is decided by `shared/correspondents.py`."""


class IngestSettings(Settings):
    """Bounds on what comes in."""

    body_limit: int = Field(default=32 * 1024 * 1024, ge=1024, le=1024**3)
    """Bytes of a request, on the wire and after decompression. A school's whole term (3,000 students) is a tenth of it."""

    import_limit: int = Field(default=50 * 1024 * 1024, ge=1024, le=4 * 1024**3)
    """Bytes of a CSV file in one request, on the wire and after decompression. The file is read as a stream: this bounds time, not
    memory."""

    clock_skew: timedelta = Field(default=timedelta(minutes=5), ge=timedelta(0), le=timedelta(days=1))
    """How far a sender's clock may be ahead of ours."""

    calendars_for: timedelta = Field(default=timedelta(seconds=10), ge=timedelta(0), le=timedelta(minutes=10))
    """How often changed calendars are looked for, should the database's word of them be lost. Before it refuses a mark, a calendar is
    read again."""

    effect_wait: timedelta = Field(default=timedelta(seconds=8), gt=timedelta(0), le=timedelta(minutes=1))
    """How long a change that may move much waits for its effect, before it is answered with 503 and nothing is changed: a large school's
    register takes a second or two."""

    kamar_body_limit: int = Field(default=200 * 1024 * 1024, ge=1024, le=4 * 1024**3)
    """Bytes of a KAMAR document, on the wire and after decompression."""

    kamar_body_timeout: timedelta = Field(default=timedelta(minutes=10), gt=timedelta(0), le=timedelta(hours=2))
    """How long a KAMAR document may take to arrive: 200 MB over a school's slow line."""

    kamar_payload_kept: timedelta = Field(default=timedelta(days=3), ge=timedelta(0), le=timedelta(days=90))
    """How long a document that could not be processed is kept, so that a person can look at it: over a weekend. Other documents are deleted
    when they are processed."""

    kamar_info_url: str = "https://www.education.govt.nz/"
    """The address of a page about this service; KAMAR shows it to the school."""

    kamar_privacy_statement: str = Field(
        default=(
            "This service keeps students' names, year levels, groups, attendance, pastoral entries and caregivers' contacts, to count "
            "days absent for the Ministry of Education's Stepped Attendance Response and to write to caregivers on the school's behalf. "
            "The school remains the owner of the data. It is passed on to the Ministry and to those whom the school names, and to nobody "
            "else. Passwords are never kept. Names and contacts are deleted when a student leaves, or sooner when the school asks for it; "
            "pastoral entries are deleted after 400 days; attendance and the school's records of it are kept seven years, as the law asks."
        ),
        min_length=100,
    )
    """The privacy statement that KAMAR shows to the school before it sends anything; 100 characters at least."""

    kamar_country: str = "New Zealand"
    """The country in which the data is stored, as KAMAR shows it to the school. Give the true country of your servers."""

    kamar_quiet_words: frozenset[str] = QUIET_WORDS
    """Words that stop letters to a caregiver in whose `status` or `role` they stand, besides those that the notifier knows."""

    kamar_slice: timedelta = Field(default=timedelta(seconds=45), ge=timedelta(0), le=timedelta(minutes=10))
    """How long one attempt works on a document before the next goes on: the shorter, the sooner another worker takes over from a killed
    one."""

    kamar_attempts: int = Field(default=8, ge=1, le=100)
    """Failures of our own after which a document is given up: with the backoff, some six hours."""

    kamar_concurrency: int = Field(default=2, ge=1, le=10)
    """Documents a worker processes at once, of different schools. Each holds some megabytes and keeps a processor busy."""
