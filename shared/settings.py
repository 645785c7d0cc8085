"""Settings that every service shares, read once at the entry point and passed down."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ServiceName = Literal["ingest", "thresholds", "notifier", "moe-sync"]


class Settings(BaseSettings):
    """What a service needs to know of its surroundings; every field can be set as `STAR_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="STAR_", frozen=True, extra="ignore")

    data: Path = Path(".star")
    """Folder of the embedded database, the signing key and the sandbox."""

    database_url: str = ""
    """`postgresql://...`; empty where the process starts its own PostgreSQL and fills it in."""

    database_pool: int = Field(default=5, ge=1, le=100)
    """Connections a process holds for one service. A worker handles one batch at a time and seldom needs more than three."""

    bus: Literal["embedded", "kafka"] = "embedded"
    kafka_bootstrap: str = "127.0.0.1:9092"
    kafka_partitions: int = Field(default=8, ge=1, le=1000)
    """Partitions of a new topic: the most workers of one service that can share it."""

    publish_timeout: timedelta = timedelta(seconds=10)
    """The bound on waiting for all acks. Longer than a broker's failover takes (a few seconds), shorter than a client's patience."""

    oidc_issuer: str = ""
    """Issuer of bearer tokens; empty where tokens are signed with the key in the data folder."""

    oidc_audience: str = "star"

    log_format: Literal["json", "console"] = "json"

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
