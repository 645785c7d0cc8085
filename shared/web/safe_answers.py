"""The headers that every answer of every app carries. `serve` puts them on, so that no endpoint, page or error has to think of them.

Under `/v1` nothing is kept by a browser or a proxy; no answer is taken for another type than it names; no page sends its address on, and
a page without a policy of its own runs and fetches nothing. A redirect to ourselves names a path, never the host that the request named.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STRICT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Pages of ours are whole in themselves: a style in the page, no scripts, nothing from elsewhere."""

_ALWAYS: Final = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
_PUBLIC: Final = b"public"


class SafeAnswers:
    """An app whose answers carry the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, and its answer back with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _safe(list(message.get("headers", ())), scope)
                if message["status"] // 100 == 3:
                    _stay_here(MutableHeaders(raw=message["headers"]), scope)
            await send(message)

        await self._app(scope, receive, safe)


def _safe(headers: list[tuple[bytes, bytes]], scope: Scope) -> list[tuple[bytes, bytes]]:
    # By hand: a single mark's way is a few hundred microseconds, and this lies on it.
    own = dict(headers)
    headers += [header for header in _ALWAYS if header[0] not in own]
    if _is_of_the_api(scope["path"]) and not own.get(b"cache-control", b"").startswith(_PUBLIC):
        headers = [header for header in headers if header[0] != b"cache-control"]
        headers.append((b"cache-control", b"no-store"))
    if own.get(b"content-type", b"").startswith(b"text/html") and b"content-security-policy" not in own:
        headers.append((b"content-security-policy", STRICT_POLICY.encode()))
    return headers


def _is_of_the_api(path: str) -> bool:
    """Whether a path lies under `/v1`, of a service alone or below its own path (`/thresholds/v1`)."""
    return "v1" in path.split("/", 3)[1:3]


def _stay_here(headers: MutableHeaders, scope: Scope) -> None:
    location = urlsplit(headers.get("location", ""))
    if location.netloc and location.netloc == Headers(scope=scope).get("host"):
        # Two slashes would be the beginning of another host.
        headers["location"] = "/" + location._replace(scheme="", netloc="").geturl().lstrip("/")
