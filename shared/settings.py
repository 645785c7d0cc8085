"""Settings that every service shares, read once at the entry point and passed down."""

from datetime import timedelta
from pathlib import Path
from typing import Literal, Self
from uuid import UUID, uuid4

from pydantic import Field, FilePath, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.db.dsn import missing_file

ServiceName = Literal["ingest", "thresholds", "notifier", "moe-sync"]


class Settings(BaseSettings):
    """A service's knowledge of its surroundings; every field can be set as `STAR_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="STAR_", frozen=True, extra="ignore", use_attribute_docstrings=True)

    instance: UUID = Field(default_factory=uuid4)
    """The name under which this process holds leases. Set it only if no other process can run under the same name: then a process that was
    killed leads again at once. By default it is drawn at each start."""

    data: Path = Path(".star")
    """Folder of the embedded database, the signing key and the sandbox."""

    database_url: str = ""
    """`postgresql://...`, with several hosts, `sslmode`, `sslrootcert` and `target_session_attrs` as PostgreSQL's own tools take them;
    empty if the process starts its own PostgreSQL and fills it in."""

    database_pool: int = Field(default=5, ge=1, le=100)
    """Connections a process holds for one service. A worker handles one batch at a time and seldom needs more than three."""

    bus: Literal["embedded", "kafka"] = "embedded"
    """`kafka`, or `embedded`: logs in PostgreSQL, for a single machine without a broker."""

    kafka_bootstrap: str = "127.0.0.1:9092"
    """Brokers to ask first, separated by commas."""

    kafka_partitions: int = Field(default=8, ge=1, le=1000)
    """Partitions of a new topic: the most workers of one service that can share it."""

    kafka_security: Literal["plaintext", "tls", "sasl_tls", "sasl_plaintext"] = "plaintext"
    """The way the brokers' listener is secured: `tls` (with a certificate of ours, if one is named), `sasl_tls` (a user and a password
    within TLS), `sasl_plaintext` (without TLS), or `plaintext`."""

    kafka_ca: FilePath | None = None
    """PEM file with the authority that issued the brokers' certificates; by default, those that this machine trusts."""

    kafka_certificate: FilePath | None = None
    """PEM file with our certificate and its chain, for brokers that ask for it (mTLS)."""

    kafka_key: FilePath | None = None
    """PEM file with that certificate's key, without a password; by default, it is in the certificate's file."""

    kafka_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    """The SASL mechanism. `PLAIN` sends the password itself: within TLS only."""

    kafka_user: str = ""
    """The user of `sasl_tls` and `sasl_plaintext`."""

    kafka_password: SecretStr = SecretStr("")
    """Its password; or name a file that has it."""

    kafka_password_file: FilePath | None = None
    """A file with nothing but the password."""

    publish_timeout: timedelta = timedelta(seconds=10)
    """The bound on waiting for all acks: longer than a broker's failover (a few seconds), shorter than a client's patience."""

    oidc_issuer: str = ""
    """Issuer of bearer tokens; empty if tokens are signed with the key in the data folder."""

    oidc_audience: str = "star"
    """The audience (`aud`) that tokens of that issuer must carry."""

    dead_letters_kept: timedelta = Field(default=timedelta(days=180), ge=timedelta(days=7), le=timedelta(days=3660))
    """How long a dead letter waits to be redriven or discarded, before it is deleted. It can have names: two terms are long enough for a
    person to look."""

    dead_letters_settled_kept: timedelta = Field(default=timedelta(days=30), ge=timedelta(0), le=timedelta(days=3660))
    """How long a dead letter is kept after it was redriven or discarded."""

    work_kept: timedelta = Field(default=timedelta(days=90), ge=timedelta(days=1), le=timedelta(days=3660))
    """How long finished work items and their attempts are kept: a term. The attempts of deliveries and uploads are kept as long as these
    are."""

    audit_years: int = Field(default=7, ge=7, le=100)
    """How many years the audit logs are kept: at least as long as registers. The database itself refuses to delete lines sooner."""

    attendance_codes: Path | None = None
    """A file of attendance codes instead of the engine's own (`shared/attendance/codes.toml`). A file that can't be used ends the start."""

    log_format: Literal["json", "console"] = "json"
    """`json` for machines, `console` for people."""

    host: str = "127.0.0.1"
    """The address to serve on; TLS ends in front of it."""

    port: int = Field(default=8000, ge=0, le=65535)
    """The port to serve on, if the command does not name one."""

    @property
    def audit_kept(self) -> timedelta:
        """Never shorter than so many years of the calendar, however many leap years are among them."""
        return timedelta(days=366 * self.audit_years)

    @field_validator("attendance_codes", "kafka_ca", "kafka_certificate", "kafka_key", "kafka_password_file", mode="before")
    @classmethod
    def _empty_is_unset(cls, path: object) -> object:
        # Templates of containers leave variables empty that nobody has set; as a path, that would be the current folder.
        return path or None

    @field_validator("database_url")
    @classmethod
    def _names_files(cls, url: str) -> str:
        name = missing_file(url)
        if name is not None:
            raise ValueError(f"{name} names no file that can be read")
        return url

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.kafka_security.startswith("sasl"):
            if not self.kafka_user:
                raise ValueError(f"STAR_KAFKA_SECURITY={self.kafka_security} needs STAR_KAFKA_USER")
            if bool(self.kafka_password.get_secret_value()) == (self.kafka_password_file is not None):
                raise ValueError(f"STAR_KAFKA_SECURITY={self.kafka_security} needs one of STAR_KAFKA_PASSWORD and STAR_KAFKA_PASSWORD_FILE")
        if self.kafka_key is not None and self.kafka_certificate is None:
            raise ValueError("STAR_KAFKA_KEY needs STAR_KAFKA_CERTIFICATE")
        return self
