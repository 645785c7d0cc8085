"""The REST API as a school's system calls it: a token, gzip for what is large, and patience with an answer of 503."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import httpx

from deploy.demo.school import NUMBER
from deploy.patience import TRY_AGAIN, pause_after, problem_detail

TRIES: Final = 7
LONGEST_PAUSE: Final = 5.0
TIMEOUT: Final = 30.0
PAGE: Final = 200


class RefusedError(Exception):
    """A request was answered with an error, or not at all however often it was tried. The message is for people."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """Requests about the made-up school, with its token."""

    def __init__(self, base_url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        # No proxy of the environment's stands between this process and itself.
        self._http = httpx.AsyncClient(
            base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT, transport=transport, trust_env=False
        )

    async def close(self) -> None:
        """Ends the connections."""
        await self._http.aclose()

    async def get(self, path: str, **query: str | int) -> Any:
        """The answer's JSON."""
        return await self._call("GET", path, params={name: str(value) for name, value in query.items()})

    async def find(self, path: str, **query: str | int) -> Any:
        """The answer's JSON, or None where there is nothing of the kind (404)."""
        try:
            return await self.get(path, **query)
        except RefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def pages(self, path: str, **query: str | int) -> AsyncIterator[dict[str, Any]]:
        """Every item of a list."""
        cursor: dict[str, str] = {}
        while True:
            page = await self.get(path, limit=PAGE, **query, **cursor)
            for item in page["items"]:
                yield item
            if not page["next"]:
                return
            cursor = {"cursor": page["next"]}

    async def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Sends a document; the answer's JSON."""
        return await self._call("PUT", path, json=body)

    async def post(self, path: str, body: Mapping[str, Any], *, twice_is_once: bool = True) -> Any:
        """Posts a document. One that would count twice is not sent again when only its answer was lost."""
        return await self._call("POST", path, json=body, repeat_unanswered=twice_is_once)

    async def post_marks(self, marks: Sequence[Mapping[str, Any]], *, compress: bool = False, lines: bool = False) -> Any:
        """Posts marks, as JSON or as NDJSON (a mark a line), compressed or not. Marks that come twice count once."""
        body = b"\n".join(json.dumps(mark).encode() for mark in marks) if lines else json.dumps({"marks": marks}).encode()
        headers = {"Content-Type": "application/x-ndjson" if lines else "application/json"}
        if compress:
            body, headers["Content-Encoding"] = gzip.compress(body, compresslevel=1), "gzip"
        return await self._call("POST", f"/ingest/v1/schools/{NUMBER}/marks", content=body, headers=headers)

    async def _call(self, method: str, path: str, *, repeat_unanswered: bool = True, **request: Any) -> Any:
        what = f"{method} {path}"
        for attempt in range(1, TRIES + 1):
            answer = None
            try:
                answer = await self._http.request(method, path, **request)
            except httpx.TransportError as error:
                if not repeat_unanswered or attempt == TRIES:
                    raise RefusedError(f"{what}: no answer ({type(error).__name__})") from error
            else:
                if answer.is_success:
                    return answer.json() if answer.content else None
                if answer.status_code not in TRY_AGAIN or attempt == TRIES:
                    raise RefusedError(f"{what}: {answer.status_code}, {_why(answer)}", answer.status_code)
            await asyncio.sleep(pause_after(attempt, answer, LONGEST_PAUSE))
        raise AssertionError("the last try answers or raises")


def _why(answer: httpx.Response) -> str:
    """The problem's detail, and that of its first refused item."""
    try:
        refused = answer.json()["rejected"][0]["detail"]
    except (ValueError, LookupError, TypeError):
        return problem_detail(answer)
    return f"{problem_detail(answer)} {refused}"
