"""The heart's settings."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, StringConstraints, field_validator

from shared.settings import Settings, WebAddress

SCHEMA: Final = "thresholds"
"""The service's schema in the database; its consumer groups and loops begin with the same name."""


class ThresholdsSettings(Settings):
    """Bounds on waiting."""

    school_wait: timedelta = Field(default=timedelta(seconds=30), ge=timedelta(0), le=timedelta(hours=1))
    """How long marks wait for their school's calendar. It was sent before them and takes milliseconds on its own topic, so a longer wait
    means that it got lost. Then the marks become dead letters, which are redriven by themselves when the school is sent again."""

    feed_longest_wait: timedelta = Field(default=timedelta(seconds=30), ge=timedelta(0), le=timedelta(minutes=10))
    """The longest poll of the events feed; under the idle timeouts of common proxies (60 s)."""

    feed_heartbeat: timedelta = Field(default=timedelta(seconds=15), gt=timedelta(0), le=timedelta(seconds=55))
    """How often an event stream of the feed sends a comment to show that it lives, and checks its token again."""

    feed_streams: int = Field(default=200, ge=1, le=10_000)
    """Event streams that one process keeps open. Each costs a query for every event that is published."""

    feed_streams_each: int = Field(default=10, ge=1, le=1_000)
    """Event streams of one subject among them."""

    plan_review_notice: timedelta = Field(default=timedelta(days=60), ge=timedelta(0), le=timedelta(days=365))
    """How long before a plan's review the school is first reminded: two months leave room for a meeting of the board."""

    public_url: Annotated[WebAddress, StringConstraints(max_length=500)] = ""
    """The address at which the public reaches this service, as in `https://star.example.nz/thresholds`: the links to a school's plan begin
    with it. Empty: the address of the request."""

    transfer_key: Path | None = None
    """The Ed25519 key (PEM) that signs a student's term for another school, and evidence. By default it is made in the data folder;
    processes without that folder need the same key. Behind it may stand earlier keys, whose documents hold on, and the next one."""

    transfer_trust: Path | None = None
    """A file with the public keys (a JWK set) of other engines whose documents are trusted; this engine's own always are."""

    @property
    def transfer_key_file(self) -> Path:
        """Where the key is, or will be."""
        return self.transfer_key or self.data / "transfer-key.pem"

    @field_validator("transfer_key", "transfer_trust", mode="before")
    @classmethod
    def _unset_when_empty(cls, path: object) -> object:
        return path or None
