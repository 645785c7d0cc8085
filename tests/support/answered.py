"""Tells of every answer that a service's app gives, whoever asked: a browser, Node.js, a command, the console.

It stands around each app of the services in a process, so it sees what no client of the tests sees. The documents are not looked at here:
a product's process has better to do.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import wraps
from typing import Any, Final, Self

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT_IN: Final = "ANSWERS_KEPT_IN"
"""The variable that names the folder into which processes of the tests write their answers, a file each."""

TITLE: Final = "STAR "
"""The titles of the services' apps begin so; the name of the service follows."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer. `service` is the title's word: `worker` for a worker's health. `body` is there if it is whole and JSON."""

    service: str
    method: str
    path: str
    status: int
    media_type: str
    body: str | None

    def line(self) -> str:
        """It as a line of a file."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def of(cls, line: str) -> Self:
        """The one that a line holds."""
        return cls(**json.loads(line))


def tell(told: Callable[[Answered], None]) -> None:
    """Has each app of the services that is served from now on tell of its answers."""
    plain = FastAPI.build_middleware_stack

    @wraps(plain)
    def build(self: FastAPI) -> ASGIApp:
        stack = plain(self)
        return _Telling(stack, self.title.removeprefix(TITLE), told) if self.title.startswith(TITLE) else stack

    FastAPI.build_middleware_stack = build  # type: ignore[method-assign]


class _Telling:
    """An app and an ear at its answers."""

    def __init__(self, app: ASGIApp, service: str, told: Callable[[Answered], None]) -> None:
        self._app, self._service, self._told = app, service, told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, media_type, whole = 0, "", False
        body = bytearray()

        async def listen(message: Message) -> None:
            nonlocal status, media_type, whole
            if message["type"] == "http.response.start":
                status = message["status"]
                media_type = _media_type(message.get("headers", ()))
            elif message["type"] == "http.response.body":
                whole = not message.get("more_body", False)
                # What is no JSON has no schema, and may never end.
                if media_type.endswith("json"):
                    body.extend(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, listen)
        finally:
            if status:
                path = scope["path"].removeprefix(scope.get("root_path", ""))
                text = body.decode() if whole and media_type.endswith("json") else None
                self._told(Answered(self._service, scope["method"], path, status, media_type, text))


def _media_type(headers: Any) -> str:
    found = next((value for name, value in headers if name.lower() == b"content-type"), b"")
    return str(found.decode("latin-1")).partition(";")[0]
