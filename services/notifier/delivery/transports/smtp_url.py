"""Where the mail server is, as one URL."""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

Security = Literal["offered", "starttls", "tls"]

_SCHEMES: Final = MappingProxyType[str, tuple[Security, int]](
    {"smtp": ("offered", 25), "smtp+starttls": ("starttls", 587), "smtps": ("tls", 465)}
)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server. `security`: TLS when it is offered, TLS by STARTTLS or nothing, or TLS from the first byte."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_smtp_url(url: str) -> SmtpServer:
    """Reads `smtp://`, `smtp+starttls://` or `smtps://` with an optional user, password and port.

    Raises ValueError, whose message does not quote the URL, as that can hold a password.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        # Python's own words quote the password.
        raise ValueError("a mail server's URL can't be read: percent-encode what is special in a password") from None
    if parts.scheme not in _SCHEMES:
        raise ValueError("a mail server's URL starts with smtp://, smtp+starttls:// or smtps://")
    if not parts.hostname or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("a mail server's URL has a host, and nothing after its port; percent-encode what is special in a password")
    security, default_port = _SCHEMES[parts.scheme]
    try:
        port = parts.port or default_port
    except ValueError as error:
        raise ValueError("the port of the mail server's URL is not a number up to 65535") from error
    return SmtpServer(
        host=parts.hostname,
        port=port,
        security=security,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password is not None else None,
    )
