"""Clients of the four APIs: one question becomes one `Part`, and several are asked at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Any, Final

import httpx
import msgspec
import structlog
from starlette.types import ASGIApp

from services.console.asking.part import Failure, Part, Why
from services.console.settings import ConsoleSettings
from shared.telemetry.tracing import HEADER, traceparent, traces

log = structlog.get_logger()

NAMES: Final = ("ingest", "thresholds", "notifier", "moe-sync")

UPLOAD_PATIENCE: Final = 600.0
"""Seconds that a file may take: the largest has a year of a large school's marks."""

PIECE: Final = 256 * 1024
"""Bytes of a file that are sent at once."""

_WHY: Final[dict[int, Why]] = {
    HTTPStatus.FORBIDDEN: "refused",
    HTTPStatus.NOT_FOUND: "absent",
    HTTPStatus.BAD_REQUEST: "invalid",
    HTTPStatus.CONFLICT: "invalid",
    HTTPStatus.PRECONDITION_FAILED: "invalid",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "invalid",
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid",
}


SENT_BEFORE: Final = "this form was sent before, with something else in it; fill in a new one"


class TokenRefusedError(Exception):
    """A service takes the person's token no longer: they have to sign in again."""


@dataclass(frozen=True, slots=True)
class Api:
    """One service, asked as one person."""

    name: str
    client: httpx.AsyncClient
    token: str

    async def get(self, path: str, **query: Any) -> Part[Any]:
        """The JSON at a path. A parameter that is None is left out."""
        return await self._ask("GET", path, params=_query(query))

    async def send(self, method: str, path: str, body: Any = None, *, once: str | None = None, **query: Any) -> Part[Any]:
        """The answer to a change. A request that came under the same key `once` before makes nothing further."""
        headers = None if once is None else {"Idempotency-Key": once}
        return await self._ask(method, path, params=_query(query), headers=headers, **({} if body is None else {"json": body}))

    async def upload(self, path: str, file: IO[bytes], content_type: str, **query: Any) -> Part[Any]:
        """The answer to a file, which is read piece by piece."""
        headers = {"Content-Type": content_type}
        return await self._ask("POST", path, patience=UPLOAD_PATIENCE, params=_query(query), content=_pieces(file), headers=headers)

    async def fetch(self, path: str, *, patience: float | None = None, **query: Any) -> httpx.Response | None:
        """The answer as it is, for a document or a file, within so many seconds; None if the service is away."""
        seconds = patience or self.client.timeout.read
        try:
            async with asyncio.timeout(seconds):
                answer = await self.client.get(path, params=_query(query), headers=self._headers(), timeout=seconds)
        except (httpx.HTTPError, TimeoutError) as error:
            self._is_away(error)
            return None
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise TokenRefusedError
        return answer

    async def relay(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> httpx.Response | None:
        """A request as it came, with the person's own token; None if the service is away."""
        try:
            async with asyncio.timeout(self.client.timeout.read):
                return await self.client.request(
                    method, f"{path}?{query}" if query else path, content=body, headers={**headers, **self._headers()}
                )
        except (httpx.HTTPError, TimeoutError) as error:
            self._is_away(error)
            return None

    async def _ask(
        self, method: str, path: str, *, patience: float | None = None, headers: Mapping[str, str] | None = None, **arguments: Any
    ) -> Part[Any]:
        timeout = self.client.timeout if patience is None else httpx.Timeout(patience)
        try:
            # The transport within a process knows no bound of its own.
            async with asyncio.timeout(timeout.read):
                answer = await self.client.request(
                    method, path, headers={**self._headers(), **(headers or {})}, timeout=timeout, **arguments
                )
        except (httpx.HTTPError, TimeoutError) as error:
            return self._is_away(error)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise TokenRefusedError
        if answer.is_success:
            return Part(msgspec.json.decode(answer.content) if answer.content else {})
        why = _WHY.get(answer.status_code)
        if why is None:
            log.warning("console.part_failed", service=self.name, status=answer.status_code)
            return Part(failure=Failure("away", self.name))
        return Part(failure=_failure(why, self.name, answer))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def _is_away(self, error: Exception) -> Part[Any]:
        log.warning("console.part_away", service=self.name, error=type(error).__name__)
        return Part(failure=Failure("away", self.name))


@dataclass(frozen=True, slots=True)
class PersonalApis:
    """The four APIs as one person asks them."""

    ingest: Api
    thresholds: Api
    notifier: Api
    moe_sync: Api

    def named(self, name: str) -> Api:
        """The API of a service by its name: `moe-sync`."""
        api: Api = getattr(self, name.replace("-", "_"))
        return api

    def all(self) -> list[Api]:
        """All four, in the order of the flow."""
        return [self.named(name) for name in NAMES]


@dataclass(frozen=True, slots=True)
class Apis:
    """The clients of the four services."""

    clients: Mapping[str, httpx.AsyncClient]

    def of(self, token: str) -> PersonalApis:
        """The APIs with a person's token."""
        return PersonalApis(**{name.replace("-", "_"): Api(name, client, token) for name, client in self.clients.items()})


async def together(questions: Mapping[str, Awaitable[Part[Any]]]) -> dict[str, Part[Any]]:
    """Asks all at the same time. Raises TokenRefusedError, after every answer has come."""
    answers = await asyncio.gather(*questions.values(), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return dict(zip(questions, (answer for answer in answers if isinstance(answer, Part)), strict=True))


@asynccontextmanager
async def open_apis(settings: ConsoleSettings, apps: Mapping[str, ASGIApp] | None) -> AsyncIterator[Apis]:
    """Clients of the apps of this process by name, or else of the addresses in the settings."""
    timeout = httpx.Timeout(settings.console_patience.total_seconds())
    async with AsyncExitStack() as stack:
        clients = {}
        for name in NAMES:
            if apps is not None:
                transport = httpx.ASGITransport(app=apps[name], raise_app_exceptions=False)
                client = httpx.AsyncClient(transport=transport, base_url="http://star.internal", timeout=timeout)
            else:
                url = getattr(settings, f"console_{name.replace('-', '_')}_url")
                client = httpx.AsyncClient(base_url=url, timeout=timeout)
            if traces():
                client.event_hooks["request"].append(_go_on_with_trace)
            clients[name] = await stack.enter_async_context(client)
        yield Apis(clients)


async def _go_on_with_trace(request: httpx.Request) -> None:
    current = traceparent()
    if current is not None:
        request.headers[HEADER] = current


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    # Where it is longer than a little, the file lies on a disk.
    while piece := await asyncio.to_thread(file.read, PIECE):
        yield piece


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}


def _failure(why: Why, service: str, answer: httpx.Response) -> Failure:
    try:
        problem = answer.json()
        kind = str(problem.pop("type", "")).rpartition(":")[2]
        detail = str(problem.pop("detail", ""))
        return Failure(why, service, kind, SENT_BEFORE if kind == "key-used" else detail, problem)
    except (ValueError, AttributeError):
        return Failure(why, service)
