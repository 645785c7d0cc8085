"""A receiver's URL, read and checked. Pure; what its name resolves to is another matter (`addresses`)."""

from dataclasses import dataclass
from typing import Final

import httpx

LONGEST_URL: Final = 2_000
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a webhook goes. `host` is in ASCII, without brackets; `target` is the path with its query."""

    url: str
    tls: bool
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The host as the Host header names it, with the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.tls else "http"] else f"{host}:{self.port}"


def parse_endpoint(text: str) -> Endpoint:
    """Reads an absolute `https://` (or `http://`) URL. Raises ValueError, whose message does not quote it: a query can hold a secret."""
    if not 0 < len(text) <= LONGEST_URL:
        raise ValueError(f"a URL has 1 to {LONGEST_URL} characters")
    if any(character.isspace() or not character.isprintable() or character == "\\" for character in text):
        raise ValueError("a URL holds no blanks, control characters or backslashes")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise ValueError("this is not a URL") from error
    if url.scheme not in _PORTS or not url.host:
        raise ValueError("a URL begins with https:// and a host")
    if url.userinfo:
        raise ValueError("a URL holds no user or password: every request is signed instead")
    if url.fragment or "#" in text:
        raise ValueError("a URL has no fragment")
    port = _PORTS[url.scheme] if url.port is None else url.port
    if not 0 < port <= 65_535:
        raise ValueError("a port lies between 1 and 65535")
    host = url.raw_host.decode("ascii").strip("[]")
    return Endpoint(str(url), url.scheme == "https", host, port, url.raw_path.decode("ascii"))
