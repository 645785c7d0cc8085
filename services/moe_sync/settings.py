"""The weekly upload's settings."""

from datetime import timedelta
from typing import Self

import httpx
from pydantic import Field, model_validator

from services.moe_sync.windows import Closing
from shared.settings import Settings


class MoeSyncSettings(Settings):
    """Where uploads go, when their windows close, and how long to wait for what."""

    ministry_url: str = ""
    """Uploads are POSTed to `<this>/uploads`. While it is empty they are built and wait."""

    window_closes: str = "friday 18:00"
    """When a week's window closes, on each school's own clock."""

    event_lag: timedelta = Field(default=timedelta(minutes=1), ge=timedelta(0), le=timedelta(hours=1))
    """How long after its close, and after the start of a worker, a window is built: events from before the close are then on their
    way at most. They take well under a second, and a backlog of minutes after an outage is read in seconds."""

    upload_timeout: timedelta = Field(default=timedelta(minutes=1), ge=timedelta(seconds=1), le=timedelta(minutes=10))
    """The bound on one attempt. A large school's term is some 3 MB; what takes longer than a minute hangs."""

    upload_concurrency: int = Field(default=4, ge=1, le=50)
    """Uploads under way at once. All schools' windows close together, and the other side is a public service."""

    @property
    def closing(self) -> Closing:
        """`window_closes`, read."""
        return Closing.parse(self.window_closes)

    @model_validator(mode="after")
    def _check(self) -> Self:
        Closing.parse(self.window_closes)
        if self.ministry_url:
            try:
                url = httpx.URL(self.ministry_url)
            except httpx.InvalidURL as error:
                raise ValueError("ministry_url is not a URL") from error
            if url.scheme not in {"http", "https"} or not url.host:
                raise ValueError("ministry_url begins with http:// or https:// and a host")
        return self
