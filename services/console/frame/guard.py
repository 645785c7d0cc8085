"""Forms come from our own pages: what the browser says about a request's origin is read before anything is done. Pure."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def is_forged(method: str, headers: Mapping[str, str], host: str) -> bool:
    """Whether another site sent an unsafe request.

    Browsers say so themselves (`Sec-Fetch-Site`); older ones name the page's origin. A client that names neither is no browser, and no
    site can make one act for somebody else.
    """
    if method in SAFE:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != host
