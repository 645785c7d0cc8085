"""A text gateway: a real HTTP server that keeps what it is given, knows a repeated key, and fails when it is told to."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.servers import serving


@dataclass
class Gateway:
    """The requests it got, in order, and the texts it accepted by their keys. `answers` come before the usual 202."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    accepted: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: list[Response] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        """One request."""
        self.requests.append(json.loads(await request.body()))
        self.headers.append(dict(request.headers))
        if self.answers:
            return self.answers.pop(0)
        self.accepted.setdefault(request.headers["idempotency-key"], self.requests[-1])
        return JSONResponse({"id": "1"}, status_code=202)


@asynccontextmanager
async def text_gateway() -> AsyncIterator[Gateway]:
    """A gateway for as long as the context lasts; `url` is where to post."""
    gateway = Gateway()
    app = Starlette(routes=[Route("/v1/messages", gateway.take, methods=["POST"])])
    async with serving(app) as base:
        gateway.url = f"{base}/v1/messages"
        yield gateway


def answer(status: int, **headers: str) -> Response:
    """An answer with nothing in it."""
    return Response(status_code=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def redirect(url: str) -> Response:
    """An answer that sends the client elsewhere."""
    return RedirectResponse(url, status_code=307)
