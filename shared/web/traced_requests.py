"""A span for each request, named by its route template: a path can name a school or a student."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.telemetry.tracing import HEADER, span
from shared.web.limiting import UNLIMITED


class TracedRequests:
    """Goes on with the caller's trace, if it sends one, as its `traceparent` asks."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Those who look after the process ask every few seconds.
        if scope["type"] != "http" or scope["path"].endswith(UNLIMITED):
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        with span(self._service, method, "server", [Headers(scope=scope).get(HEADER)], http_request_method=method) as current:

            async def note(message: Message) -> None:
                if message["type"] == "http.response.start":
                    current.note("http.response.status_code", message["status"])
                    if message["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
                        current.failed(str(message["status"]))
                await send(message)

            try:
                await self._app(scope, receive, note)
            finally:
                route = getattr(scope.get("route"), "path", None)
                if route is not None:
                    current.called(f"{method} {route}")
                    current.note("http.route", route)
