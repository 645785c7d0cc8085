"""The way to the brokers: addresses, transport security, and the name under which we come."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    AuthenticationMethodNotSupported,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

Security = Literal["plaintext", "tls", "sasl_tls", "sasl_plaintext"]
Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]

_PROTOCOLS: Final[Mapping[Security, str]] = MappingProxyType(
    {"plaintext": "PLAINTEXT", "tls": "SSL", "sasl_tls": "SASL_SSL", "sasl_plaintext": "SASL_PLAINTEXT"}
)

UNUSABLE: Final = "a file of STAR_KAFKA_CA, STAR_KAFKA_CERTIFICATE, STAR_KAFKA_KEY or STAR_KAFKA_PASSWORD_FILE can't be used"

PROBE_TIMEOUT: Final = 5.0
"""Seconds to find out why a broker does not let us in."""


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """All that a client needs to know to connect. Files are PEM."""

    bootstrap: str
    security: Security = "plaintext"
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"
    user: str = ""
    password: str = field(default="", repr=False)
    password_file: Path | None = None

    def options(self) -> dict[str, Any]:
        """The options of every aiokafka client. Files are read anew each time, so that the next client has what was renewed.

        Raises OSError when a file can't be read or is no certificate or key.
        """
        options: dict[str, Any] = {"bootstrap_servers": self.bootstrap, "security_protocol": _PROTOCOLS[self.security]}
        if self.security in {"tls", "sasl_tls"}:
            options["ssl_context"] = self._tls()
        if self.security in {"sasl_tls", "sasl_plaintext"}:
            password = self.password_file.read_text().rstrip("\r\n") if self.password_file else self.password
            options |= {"sasl_mechanism": self.mechanism, "sasl_plain_username": self.user, "sasl_plain_password": password}
        return options

    async def refusal(self) -> str | None:
        """Why a broker that can be reached does not let us in, or is not to be trusted; None where that is not what is wrong.

        aiokafka's clients say of each failure that they could not connect, and no more.
        """
        try:
            options = self.options()
        except OSError as error:
            return f"{UNUSABLE} ({error.strerror})"
        hosts = collect_hosts(options.pop("bootstrap_servers"))
        for host, port, _ in hosts:
            try:
                async with asyncio.timeout(PROBE_TIMEOUT):
                    connection = await create_conn(host, port, request_timeout_ms=int(PROBE_TIMEOUT * 1000), **options)
                connection.close()
            except (KafkaError, OSError, TimeoutError) as error:
                reason = _reason(error, self)
                if reason is not None:
                    return reason
        return None

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca)
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context


def _reason(error: BaseException, access: KafkaAccess) -> str | None:
    match error:
        case ssl.SSLCertVerificationError():
            return f"the broker's certificate is not to be trusted ({error.verify_message}): correct STAR_KAFKA_CA or STAR_KAFKA_BOOTSTRAP"
        case SaslAuthenticationFailed() | AuthenticationFailedError():
            return "the broker refuses the user or the password: correct STAR_KAFKA_USER and STAR_KAFKA_PASSWORD or _PASSWORD_FILE"
        case UnsupportedSaslMechanismError() | AuthenticationMethodNotSupported():
            return f"the broker does not know {access.mechanism}: correct STAR_KAFKA_MECHANISM"
        case ssl.SSLError():
            return f"the broker and we do not agree on TLS ({error.reason}): correct STAR_KAFKA_SECURITY or STAR_KAFKA_CERTIFICATE"
        case KafkaConnectionError():
            # As brokers end a connection that speaks another protocol than they do, or lacks a certificate they ask for.
            return (
                "the broker is there and ends the connection at once: if it stays so, correct STAR_KAFKA_SECURITY "
                f"(it is {access.security}) or STAR_KAFKA_CERTIFICATE"
            )
    return None
