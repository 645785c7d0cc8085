"""Settings that every service shares, read once at the entry point and passed down."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from uuid import UUID, uuid4

from pydantic import AfterValidator, Field, FilePath, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from shared.auth.claims import ClaimName
from shared.auth.principal import Role
from shared.db.dsn import fault_of, missing_file
from shared.secret_files import secrets_in_files
from shared.settings_file import settings_in_file


def _web_address(address: str) -> str:
    if address and not re.fullmatch(r"https?://[^\s?#]+", address):
        raise ValueError("an address begins with http:// or https://, and has no blanks and no query")
    return address


WebAddress = Annotated[str, AfterValidator(_web_address)]
"""An address without a query, or nothing."""

ServiceName = Literal["ingest", "thresholds", "notifier", "moe-sync", "console"]


class Settings(BaseSettings):
    """A service's knowledge of its surroundings; every field can be set as `STAR_<FIELD>`, or as `<field>` in the configuration file."""

    model_config = SettingsConfigDict(env_prefix="STAR_", frozen=True, extra="ignore", use_attribute_docstrings=True)

    instance: UUID = Field(default_factory=uuid4)
    """The name under which this process holds leases. Set it only if no other process can run under the same name: then a process that was
    killed leads again at once. By default it is drawn at each start."""

    data: Path = Path(".star")
    """Folder of the embedded database, the signing key and the sandbox."""

    database_url: str = Field(default="", repr=False)
    """`postgresql://...`, with several hosts, `sslmode`, `sslrootcert` and `target_session_attrs` as PostgreSQL's own tools take them;
    empty if the process starts its own PostgreSQL and fills it in."""

    ingest_database_url: str = Field(default="", repr=False)
    """The same database as `ingest` logs in to it, by the role `star_ingest_service`, which has no right to the tables of other services;
    `star migrate` makes the role and sets the password that stands here. By default, STAR_DATABASE_URL."""

    thresholds_database_url: str = Field(default="", repr=False)
    """The same for `thresholds` (`star_thresholds_service`)."""

    notifier_database_url: str = Field(default="", repr=False)
    """The same for `notifier` (`star_notifier_service`)."""

    moe_sync_database_url: str = Field(default="", repr=False)
    """The same for `moe-sync` (`star_moe_sync_service`)."""

    console_database_url: str = Field(default="", repr=False)
    """The same for `console` (`star_console_service`)."""

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

    publish_timeout: timedelta = Field(default=timedelta(seconds=10), ge=timedelta(milliseconds=50), le=timedelta(minutes=5))
    """The bound on waiting for all acks: longer than a broker's failover (a few seconds), shorter than a client's patience."""

    oidc_issuer: WebAddress = ""
    """Issuer of bearer tokens; empty if tokens are signed with the key in the data folder."""

    oidc_audience: str = "star"
    """The audience (`aud`) that tokens of that issuer must carry."""

    oidc_claims: dict[ClaimName, str] = Field(default_factory=dict)
    """The issuer's names of the claims that say what a person may do, where they differ from the engine's, as JSON:
    `{"scope": "scp", "role": "roles", "schools": "star_schools", "groups": "star_groups"}`."""

    oidc_roles: dict[str, Role] = Field(default_factory=dict)
    """The issuer's words for the engine's roles, as JSON: `{"Attendance Office": "manage", "Principal": "admin"}`. With any, a token needs
    one of them; of several, the highest role holds."""

    dead_letters_kept: timedelta = Field(default=timedelta(days=180), ge=timedelta(days=7), le=timedelta(days=3660))
    """How long a dead letter waits to be redriven or discarded, before it is deleted. It can have names: two terms are long enough for a
    person to look."""

    dead_letters_settled_kept: timedelta = Field(default=timedelta(days=30), ge=timedelta(0), le=timedelta(days=3660))
    """How long a dead letter is kept after it was redriven or discarded."""

    work_kept: timedelta = Field(default=timedelta(days=90), ge=timedelta(days=1), le=timedelta(days=3660))
    """How long finished work items and their attempts are kept: a term. The attempts of deliveries and uploads are kept as long as these
    are."""

    register_kept: timedelta = Field(default=timedelta(days=2557), ge=timedelta(days=2557), le=timedelta(days=36_500))
    """How long registers, STAR records and the facts of letters are kept after the end of the term's year: seven years at least, as the law
    asks."""

    audit_years: int = Field(default=7, ge=7, le=100)
    """How many years the audit logs are kept: at least as long as registers. The database itself refuses to delete lines sooner."""

    clock_jump: timedelta = Field(default=timedelta(days=14), ge=timedelta(days=1), le=timedelta(days=3660))
    """How far ahead of the latest time seen a clock is doubted. Meanwhile nothing is sent, closed or deleted."""

    clock_standing: timedelta = Field(default=timedelta(hours=1), ge=timedelta(0), le=timedelta(days=1))
    """How long a doubted clock has to go on evenly before it is believed. `star clock accept` believes it at once."""

    attendance_codes: Path | None = None
    """A file of attendance codes instead of the engine's own (`shared/attendance/codes.toml`). A file that can't be used ends the start."""

    log_format: Literal["json", "console"] = "json"
    """`json` for machines, `console` for people."""

    host: str = "127.0.0.1"
    """The address to serve on; TLS ends in front of it."""

    port: int = Field(default=8000, ge=0, le=65535)
    """The port to serve on, if the command does not name one."""

    requests_per_second: int = Field(default=1000, ge=0, le=100_000)
    """Requests a second that one client (a token, or an address without one) may make of one process, 0 for as many as it likes; ten
    seconds' worth at once. A vendor who posts the rolls of 300 schools with one token needs some 30 in the busiest minute."""

    access_log: bool = True
    """Whether each request is a line of the log (`request.answered`): its method, the template of its path, status, time and bytes; no
    path, no address, no token."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **named: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, and the files of secrets that it names, come before the configuration file."""
        files = secrets_in_files(settings_cls), settings_in_file()
        return (*sources, *named.values(), *(InitSettingsSource(settings_cls, values) for values in files))

    @property
    def audit_kept(self) -> timedelta:
        """Never shorter than so many years of the calendar, however many leap years are among them."""
        return timedelta(days=366 * self.audit_years)

    @field_validator("attendance_codes", "kafka_ca", "kafka_certificate", "kafka_key", "kafka_password_file", mode="before")
    @classmethod
    def _empty_is_unset(cls, path: object) -> object:
        # Templates of containers leave variables empty that nobody has set; as a path, that would be the current folder.
        return path or None

    def of_service(self, service: ServiceName) -> Self:
        """The settings with the database as this service logs in to it."""
        return self.model_copy(update={"database_url": self.service_urls[service] or self.database_url})

    @property
    def service_urls(self) -> dict[ServiceName, str]:
        """The services' own addresses of the database; empty for those that have none."""
        return {
            "ingest": self.ingest_database_url,
            "thresholds": self.thresholds_database_url,
            "notifier": self.notifier_database_url,
            "moe-sync": self.moe_sync_database_url,
            "console": self.console_database_url,
        }

    @field_validator(
        "database_url",
        "ingest_database_url",
        "thresholds_database_url",
        "notifier_database_url",
        "moe_sync_database_url",
        "console_database_url",
    )
    @classmethod
    def _can_be_read(cls, url: str) -> str:
        if (fault := fault_of(url)) is not None:
            raise ValueError(fault)
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
