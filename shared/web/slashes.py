"""A slash in a name within a path: a school's key of a student may have one, and an address says it as `%2F`.

Servers hand over a path decoded, and there such a slash would end the name. So a route is sought with a sign in the slash's place, and
the doors of the APIs and of the console put the slash back into the names that the route has found.
"""

import re
from typing import Any, Final
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

_SIGN: Final = "\ue02f"
"""A character for private use: no key and no path of ours has it."""

_SLASH: Final = re.compile(rb"%2f", re.IGNORECASE)
_SIGN_IN_PATH: Final = b"%EE%80%AF"


class KeptSlashes:
    """The app, whose routes find names with a slash whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        raw = scope.get("raw_path") or b""
        if scope["type"] == "http" and _SLASH.search(raw):
            # In place: whoever measures a request looks there for the route that was found.
            scope["path"] = unquote(_SLASH.sub(_SIGN_IN_PATH, raw).decode("ascii"))
        await self._app(scope, receive, send)


def put_slashes_back(scope: Scope) -> None:
    """Puts slashes back into the names that a route has found in the request's path."""
    if _SIGN in scope["path"]:
        names: dict[str, Any] = scope["path_params"]
        scope["path_params"] = {name: value.replace(_SIGN, "/") if isinstance(value, str) else value for name, value in names.items()}
