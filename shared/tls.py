"""A TLS connection that fails for a certificate: a fault of somebody's set-up, which no waiting mends. Pure."""

import ssl
from collections.abc import Iterator
from typing import Final

_REASONS: Final = ("CERTIFICATE", "UNKNOWN_CA", "BAD_CERT")
"""In the reasons that OpenSSL gives: of alerts by which the other side refuses our certificate, or asks for one."""


def is_certificate_fault(error: BaseException) -> bool:
    """Whether the other side's certificate is another's, expired or not trusted, or ours was refused. Libraries wrap what TLS said."""
    return any(
        isinstance(cause, ssl.SSLCertVerificationError)
        or (isinstance(cause, ssl.SSLError) and any(word in (getattr(cause, "reason", None) or "") for word in _REASONS))
        for cause in causes(error)
    )


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it came from, the nearest first."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
