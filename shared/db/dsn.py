"""The database's URL, as PostgreSQL's own tools take it, in the form that asyncpg takes."""

import re
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

_DRIVER: Final = re.compile(r"^postgres(ql)?(\+\w+)?://")

_OF_LIBPQ: Final = frozenset(
    {
        "channel_binding",
        "connect_timeout",
        "gssencmode",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "load_balance_hosts",
        "replication",
        "requirepeer",
        "sslcertmode",
        "sslcompression",
        "sslnegotiation",
        "sslsni",
    }
)
"""Parameters of libpq that asyncpg would pass on to the server, which does not know them. Hosting companies put some of them into the
addresses that they hand out. Timeouts and keepalives are ours."""

_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_WITH_TLS: Final = frozenset({"require", "verify-ca", "verify-full"})
_PORT: Final = 5432
SYSTEM: Final = "system"
"""As `sslrootcert`: the authorities that this machine trusts."""
ESCAPED: Final = "@ : / ? # [ ] and % are written as %40 %3A %2F %3F %23 %5B %5D and %25"


def dsn_of(database_url: str) -> str:
    """The URL for asyncpg, whatever driver it named.

    It may hold several hosts, `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `target_session_attrs` and so on.
    """
    address, parameters = _parts(database_url)
    kept = [(name, value) for name, value in parameters if name not in _OF_LIBPQ and (name, value) != ("sslrootcert", SYSTEM)]
    return address + ("?" + urlencode(kept) if kept else "")


def tls_of(database_url: str) -> ssl.SSLContext | None:
    """The TLS of a URL that trusts this machine's authorities; None where the URL itself says all that asyncpg needs."""
    parameters = dict(_parts(database_url)[1])
    if parameters.get("sslrootcert") != SYSTEM:
        return None
    context = ssl.create_default_context()
    if "sslcert" in parameters:
        context.load_cert_chain(parameters["sslcert"], parameters.get("sslkey"), parameters.get("sslpassword"))
    return context


def fault_of(database_url: str) -> str | None:
    """Why a URL can't be the database's, as far as its form says; never its words, which hold a password.

    A password with an unescaped `/`, `#`, `?` or `@` ends early: what follows it is then taken for a port or a name.
    """
    fault = f"a port is a number, and in a password {ESCAPED}"
    address, parameters = _parts(database_url)
    try:
        parted = urlsplit(address)
    except ValueError:
        # A bracket without its other one, or a sign that hides one of these. Python's own words quote the password.
        return fault
    servers = parted.netloc.rpartition("@")[2].split(",")
    ports = [port for server in servers if (port := server.rpartition("]")[2].partition(":")[2])]
    if parted.fragment or "@" in parted.path or any("@" in name for name, _ in parameters) or not all(map(_is_port, ports)):
        return fault
    return None


def missing_file(database_url: str) -> str | None:
    """The first parameter that names a file that can't be read."""
    parameters = dict(_parts(database_url)[1])
    for name in _FILES:
        value = parameters.get(name)
        if value and value != SYSTEM and not _can_be_read(Path(value)):
            return name
    return None


def files_of(database_url: str) -> dict[str, Path]:
    """The files of certificates and keys that the URL names, by their parameters."""
    parameters = dict(_parts(database_url)[1])
    return {name: Path(value) for name in _FILES if (value := parameters.get(name)) and value != SYSTEM}


def tls_servers_of(database_url: str) -> list[tuple[str, int]]:
    """Host and port of each server that the URL asks TLS of."""
    address, parameters = _parts(database_url)
    if dict(parameters).get("sslmode") not in _WITH_TLS:
        return []
    hosts = urlsplit(address).netloc.rpartition("@")[2].split(",")
    parted = [urlsplit(f"//{host}") for host in hosts if host]
    return [(host.hostname, host.port or _PORT) for host in parted if host.hostname]


def _parts(database_url: str) -> tuple[str, list[tuple[str, str]]]:
    address, _, query = _DRIVER.sub("postgresql://", database_url).partition("?")
    return address, parse_qsl(query, keep_blank_values=True)


def _is_port(port: str) -> bool:
    return port.isascii() and port.isdigit() and 0 < int(port) <= 65_535


def _can_be_read(path: Path) -> bool:
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False
