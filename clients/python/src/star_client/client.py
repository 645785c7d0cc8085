"""The clients: one method for each operation, with retries, renewal of the token, pages as iterators and uploads of any size."""

import asyncio
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypedDict, TypeVar

import httpx

from star_client.errors import StarError
from star_client.marks import NDJSON, Uploaded, async_batches, batches, one_by_one, outcome
from star_client.models import MarkIn
from star_client.operations import AsyncOperations, SyncOperations
from star_client.requests import AGAIN, TRIES, Config, prepared, read, wait_before

P = ParamSpec("P")
T = TypeVar("T")

TIMEOUT = httpx.Timeout(30.0, read=60.0)
UNAUTHORIZED = 401


class Page(TypedDict, Generic[T]):
    """The shape of every list, by which a type checker knows the items of `pages`."""

    items: list[T]
    next: str | None


class Star(SyncOperations):
    """The sync client. `token` is a bearer token, or a function that gets one: it is called again when a token no longer holds."""

    def __init__(
        self,
        base_url: str,
        token: str | Callable[[], str],
        *,
        services: Mapping[str, str] | None = None,
        tries: int = TRIES,
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config = Config(base_url, services or {}, tries)
        self._get_token = token if callable(token) else None
        self._token = token if isinstance(token, str) else None
        self._renewing = threading.Lock()
        self._http = http or httpx.Client(timeout=TIMEOUT)
        self._sleep = sleep

    def _call(self, method: str, path: str, **parts: Any) -> Any:
        filled, arguments = prepared(method, path, parts)
        url, headers = self._config.url(filled), arguments.pop("headers")
        attempt, renewed = 1, False
        while True:
            answer: httpx.Response | None = None
            token = self._current_token()
            try:
                answer = self._http.request(method, url, headers=headers | {"Authorization": f"Bearer {token}"}, **arguments)
            except httpx.TransportError:
                if attempt >= self._config.tries:
                    raise
            else:
                if answer.status_code == UNAUTHORIZED and self._get_token is not None and not renewed:
                    self._forget(token)
                    renewed = True
                    continue
                if answer.status_code not in AGAIN or attempt >= self._config.tries:
                    return read(answer)
            self._sleep(wait_before(attempt, answer))
            attempt += 1

    def _current_token(self) -> str | None:
        # Many requests at once get one new token between them.
        with self._renewing:
            if self._token is None and self._get_token is not None:
                self._token = self._get_token()
            return self._token

    def _forget(self, refused: str | None) -> None:
        """Drops a token that no longer holds, unless another request has put a new one in its place."""
        if self._token == refused:
            self._token = None

    def pages(self, operation: Callable[P, Page[T]], *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        """All items of a list, page by page: `star.pages(star.list_star_records, "0999", term="2026-T4")`."""
        cursor: str | None = None
        while True:
            page = operation(*args, **(kwargs | ({"cursor": cursor} if cursor else {})))  # type: ignore[arg-type]
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def upload_marks(self, school: str, marks: Iterable[MarkIn]) -> Uploaded:
        """Any number of marks, as NDJSON. They are taken from the iterable only as fast as the engine takes them."""
        uploaded = Uploaded()
        for first, body in batches(marks):
            parts = {"at": {"school": school}, "body": body, "media_type": NDJSON}
            try:
                uploaded.add(first, self._call("POST", "/ingest/v1/schools/{school}/marks", **parts))
            except StarError as error:
                uploaded.add(first, outcome(error))
        return uploaded

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AsyncStar(AsyncOperations):
    """The async client; the same as `Star` in all else."""

    def __init__(
        self,
        base_url: str,
        token: str | Callable[[], Awaitable[str]],
        *,
        services: Mapping[str, str] | None = None,
        tries: int = TRIES,
        http: httpx.AsyncClient | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._config = Config(base_url, services or {}, tries)
        self._get_token = token if callable(token) else None
        self._token = token if isinstance(token, str) else None
        self._renewing = asyncio.Lock()
        self._http = http or httpx.AsyncClient(timeout=TIMEOUT)
        self._sleep = sleep

    async def _call(self, method: str, path: str, **parts: Any) -> Any:
        filled, arguments = prepared(method, path, parts)
        url, headers = self._config.url(filled), arguments.pop("headers")
        attempt, renewed = 1, False
        while True:
            answer: httpx.Response | None = None
            token = await self._current_token()
            try:
                answer = await self._http.request(method, url, headers=headers | {"Authorization": f"Bearer {token}"}, **arguments)
            except httpx.TransportError:
                if attempt >= self._config.tries:
                    raise
            else:
                if answer.status_code == UNAUTHORIZED and self._get_token is not None and not renewed:
                    self._forget(token)
                    renewed = True
                    continue
                if answer.status_code not in AGAIN or attempt >= self._config.tries:
                    return read(answer)
            await self._sleep(wait_before(attempt, answer))
            attempt += 1

    async def _current_token(self) -> str | None:
        # Many requests at once get one new token between them.
        async with self._renewing:
            if self._token is None and self._get_token is not None:
                self._token = await self._get_token()
            return self._token

    def _forget(self, refused: str | None) -> None:
        """Drops a token that no longer holds, unless another request has put a new one in its place."""
        if self._token == refused:
            self._token = None

    async def pages(self, operation: Callable[P, Awaitable[Page[T]]], *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        """All items of a list, page by page."""
        cursor: str | None = None
        while True:
            page = await operation(*args, **(kwargs | ({"cursor": cursor} if cursor else {})))  # type: ignore[arg-type]
            for item in page["items"]:
                yield item
            cursor = page["next"]
            if cursor is None:
                return

    async def upload_marks(self, school: str, marks: Iterable[MarkIn] | AsyncIterable[MarkIn]) -> Uploaded:
        """Any number of marks, as NDJSON. They are taken from the iterable only as fast as the engine takes them."""
        uploaded = Uploaded()
        async for first, body in async_batches(marks if isinstance(marks, AsyncIterable) else one_by_one(marks)):
            parts = {"at": {"school": school}, "body": body, "media_type": NDJSON}
            try:
                uploaded.add(first, await self._call("POST", "/ingest/v1/schools/{school}/marks", **parts))
            except StarError as error:
                uploaded.add(first, outcome(error))
        return uploaded

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()
