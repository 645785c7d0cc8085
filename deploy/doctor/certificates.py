"""Certificates: the files that settings name and those that servers show, and the first of them to end."""

import asyncio
import smtplib
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from deploy.doctor.finding import Finding
from services.console.settings import ConsoleSettings
from services.moe_sync.settings import MoeSyncSettings
from services.notifier.delivery.transports.smtp_url import SmtpServer, parse_smtp_url
from services.notifier.settings import NotifierSettings
from shared.clock import utc_now
from shared.db.dsn import files_of, tls_servers_of

NAME: Final = "certificates"
SOON: Final = timedelta(days=21)
"""An authority that renews by itself does so 30 days ahead; a person needs two weeks."""

TIMEOUT: Final = 5.0
HTTPS_PORT: Final = 443
_SSL_REQUEST: Final = struct.pack("!ii", 8, 80_877_103)
"""The message by which a client of PostgreSQL asks for TLS (PostgreSQL's documentation, "Message Formats")."""


@dataclass(frozen=True, slots=True, order=True)
class End:
    """The moment from which a certificate is not valid any more."""

    at: datetime
    of: str


async def look_at_certificates(console: ConsoleSettings, notifier: NotifierSettings, ministry: MoeSyncSettings) -> Finding:
    """The certificate that ends first. A server that shows none now has a line of its own where it matters."""
    ends = [*_of_files(console, ministry), *await _of_servers(console, notifier, ministry)]
    return judge_ends(ends, utc_now())


def judge_ends(ends: list[End], now: datetime) -> Finding:
    """Pure. The worst of them."""
    if not ends:
        return Finding(NAME, "ok", "no setting names a certificate or a server with one")
    first = min(ends)
    more = f" ({len(ends)} looked at)"
    if first.at <= now:
        return Finding(NAME, "fail", f"the certificate of {first.of} ended on {first.at:%Y-%m-%d}{more}", "renew it")
    days = (first.at - now).days
    detail = f"the first to end is that of {first.of}, on {first.at:%Y-%m-%d}, in {days} days{more}"
    return Finding(NAME, "warn", detail, "renew it") if first.at - now < SOON else Finding(NAME, "ok", detail)


def _of_files(settings: ConsoleSettings, ministry: MoeSyncSettings) -> Iterator[End]:
    chains = {"STAR_KAFKA_CERTIFICATE": settings.kafka_certificate, "STAR_MINISTRY_CERTIFICATE": ministry.ministry_certificate}
    authorities = {"STAR_KAFKA_CA": settings.kafka_ca, "STAR_MINISTRY_CA": ministry.ministry_ca}
    database = files_of(settings.database_url)
    chains["sslcert of STAR_DATABASE_URL"] = database.get("sslcert")
    authorities["sslrootcert of STAR_DATABASE_URL"] = database.get("sslrootcert")
    # A chain ends with its first member; a file of authorities serves as long as one of them does.
    for named, last in ((chains, min), (authorities, max)):
        for name, path in named.items():
            ends = _ends(path) if path is not None else []
            if ends:
                yield End(last(ends), name)


def _ends(path: Path) -> list[datetime]:
    # A file that can't be read is a fault of the configuration, the broker or the Ministry, and has its line there.
    with suppress(OSError, ValueError):
        return [certificate.not_valid_after_utc for certificate in x509.load_pem_x509_certificates(path.read_bytes())]
    return []


async def _of_servers(console: ConsoleSettings, notifier: NotifierSettings, ministry: MoeSyncSettings) -> list[End]:
    asked: dict[str, Callable[[], bytes | None]] = {}
    for url in (console.console_url, console.oidc_issuer, ministry.ministry_url):
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.hostname:
            host, port = parts.hostname, parts.port or HTTPS_PORT
            asked[f"{host}:{port}"] = partial(_at, host, port)
    if console.bus == "kafka" and console.kafka_security in {"tls", "sasl_tls"}:
        for broker in console.kafka_bootstrap.split(","):
            host, _, given = broker.strip().rpartition(":")
            asked[broker.strip()] = partial(_at, host, int(given))
    for host, port in tls_servers_of(console.database_url):
        asked[f"{host}:{port}"] = partial(_of_postgres, host, port)
    if notifier.smtp_url:
        server = parse_smtp_url(notifier.smtp_url)
        asked[f"{server.host}:{server.port}"] = partial(_of_mail, server)
    shown = await asyncio.gather(*(asyncio.to_thread(_tried, look) for look in asked.values()))
    return [
        End(x509.load_der_x509_certificate(certificate).not_valid_after_utc, name)
        for name, certificate in zip(asked, shown, strict=True)
        if certificate is not None
    ]


def _tried(look: Callable[[], bytes | None]) -> bytes | None:
    with suppress(OSError, smtplib.SMTPException, ValueError):
        return look()
    return None


def _at(host: str, port: int) -> bytes | None:
    return _shown(socket.create_connection((host, port), TIMEOUT), host)


def _shown(connection: socket.socket, host: str) -> bytes | None:
    with connection, _unchecked().wrap_socket(connection, server_hostname=host) as secured:
        return secured.getpeercert(binary_form=True)


def _of_postgres(host: str, port: int) -> bytes | None:
    connection = socket.create_connection((host, port), TIMEOUT)
    connection.sendall(_SSL_REQUEST)
    return _shown(connection, host) if connection.recv(1) == b"S" else None


def _of_mail(server: SmtpServer) -> bytes | None:
    if server.security == "tls":
        return _at(server.host, server.port)
    with smtplib.SMTP(server.host, server.port, timeout=TIMEOUT) as session:
        session.ehlo()
        if not session.has_extn("starttls"):
            return None
        session.starttls(context=_unchecked())
        secured = session.sock
        return secured.getpeercert(binary_form=True) if isinstance(secured, ssl.SSLSocket) else None


def _unchecked() -> ssl.SSLContext:
    """Only to read the end of what is shown: a certificate that has ended is to be seen too, and nothing is said to the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
