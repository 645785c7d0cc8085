"""A school's choices for its uploads, pauses included. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

AdapterName = Literal["https", "sftp", "folder"]


@dataclass(frozen=True, slots=True)
class Preferences:
    """A school's choices; None leaves one to the service's settings."""

    closes: str | None = None
    adapter: AdapterName | None = None
    nsn: bool = False
    paused_at: datetime | None = None
    paused_by: str | None = None
    pause_reason: str | None = None
    updated_at: datetime | None = None
    updated_by: str | None = None

    @property
    def paused(self) -> bool:
        """Whether nothing is sent for now."""
        return self.paused_at is not None


NONE = Preferences()
"""A school that has chosen nothing."""
