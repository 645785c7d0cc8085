"""The door's settings."""

from datetime import timedelta

from pydantic import Field

from shared.settings import Settings


class IngestSettings(Settings):
    """Bounds on what comes in."""

    body_limit: int = Field(default=32 * 1024 * 1024, ge=1024)
    """Bytes of a request, on the wire and after decompression. A school's whole term (3,000 students) is a tenth of it."""

    clock_skew: timedelta = timedelta(minutes=5)
    """How far a sender's clock may be ahead of ours."""

    calendars_for: timedelta = timedelta(seconds=10)
    """How long a calendar is believed without another look. Before a mark is refused by the calendar, it is looked up anew."""
