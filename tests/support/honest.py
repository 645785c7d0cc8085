"""Holds every answer of the tests to the OpenAPI documents: status, media type and schema.

They are heard at both ends. Each client of the tests themselves is httpx, so its two `send` methods see what it gets, from whatever server:
also one of another installation, and what a server says before its app is asked. Answers to browsers, Node.js, commands and the console are
heard at the services' apps, in the tests' process and in those that they start. An answer that no document has fails the test that runs.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx
import jsonschema_rs

from tests.support.answered import KEPT_IN, Answered, tell
from tests.support.documents import METHODS, documents

FAULTS: Final[list[str]] = []
"""Answers that no document has, since the last look."""

_READ: Final[dict[Path, int]] = {}
"""How much of each file of answers has been looked at, in bytes."""

PROBLEM: Final = "application/problem+json"


@dataclass(frozen=True)
class Operation:
    """An operation of a service's document, found by method and path."""

    service: str
    key: str
    pattern: re.Pattern[str]
    answers: Mapping[str, Any]


@cache
def _operations(method: str) -> list[Operation]:
    found = [
        Operation(service, f"{method} {path}", re.compile(_pattern(path)), item[method.lower()]["responses"])
        for service, document in documents().items()
        for path, item in document["paths"].items()
        if method.lower() in METHODS and method.lower() in item
    ]
    # A path without parameters goes before one that would take it.
    return sorted(found, key=lambda operation: operation.pattern.pattern.count("[^/]+"))


def _pattern(path: str) -> str:
    return "[^/]+".join(re.escape(part) for part in re.split(r"\{\w+\}", path))


def candidates(method: str, path: str) -> list[Operation]:
    """The operations that a request can have met: of the service that the path names, or else of any."""
    first = path.split("/", 2)[1]
    own = first if first in documents() else None
    rest = path.removeprefix(f"/{own}") if own else path
    fitting = [op for op in _operations(method) if (own is None or op.service == own) and op.pattern.fullmatch(rest)]
    plain = [op for op in fitting if op.pattern.pattern.count("[^/]+") == fitting[0].pattern.pattern.count("[^/]+")]
    return plain


def fault(method: str, path: str, status: int, media_type: str, body: bytes | None) -> str | None:
    """The reason why an answer is none of the documents'; None for one that is, and for requests to others."""
    reasons = []
    for operation in candidates(method, path):
        reason = _reason(operation, status, media_type, body)
        if reason is None:
            return None
        reasons.append(f"{operation.service} {operation.key} {status}: {reason}")
    return "; ".join(reasons) or None


def _reason(operation: Operation, status: int, media_type: str, body: bytes | None) -> str | None:
    declared = operation.answers.get(str(status))
    if declared is None and status == HTTPStatus.INTERNAL_SERVER_ERROR and media_type == PROBLEM:
        return None
    if declared is None:
        return f"not declared ({_kind(body)})"
    content = declared.get("content")
    if not content:
        return f"a body of {media_type}, and none is declared" if body else None
    if media_type not in content:
        return f"{media_type} is not declared"
    if not media_type.endswith("json") or body is None:
        return None
    error = next(_validator(operation.service, operation.key, str(status), media_type).iter_errors(json.loads(body)), None)
    # The place and the rule, not the value: it can be long.
    return None if error is None else f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"


def _kind(body: bytes | None) -> str:
    try:
        return str(json.loads(body or b"{}").get("type"))
    except (ValueError, AttributeError):
        return "no problem"


@cache
def _validator(service: str, key: str, status: str, media_type: str) -> Any:
    method, path = key.split(" ")
    place = ("paths", path, method.lower(), "responses", status, "content", media_type, "schema")
    pointer = "/".join(quote(part.replace("~", "~0").replace("/", "~1"), safe="~") for part in place)
    return jsonschema_rs.Draft202012Validator({"$ref": f"{_address(service)}#/{pointer}"}, registry=_registry())


@cache
def _registry() -> Any:
    """The documents, shared by all validators: one with the components of its own takes two megabytes, and there are two thousand."""
    return jsonschema_rs.Registry([(_address(service), document) for service, document in documents().items()])


def _address(service: str) -> str:
    return f"urn:star:document:{service}"


def watch() -> None:
    """Makes every answer be looked at: of httpx, of the services' apps in this process, and of those in processes that it starts."""
    plain, plain_async = httpx.Client.send, httpx.AsyncClient.send

    @wraps(plain)
    def send(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        answer = plain(self, request, **options)
        _look(answer, streamed=options.get("stream", False))
        return answer

    @wraps(plain_async)
    async def send_async(self: httpx.AsyncClient, request: httpx.Request, **options: Any) -> httpx.Response:
        answer = await plain_async(self, request, **options)
        _look(answer, streamed=options.get("stream", False))
        return answer

    httpx.Client.send, httpx.AsyncClient.send = send, send_async  # type: ignore[method-assign]
    tell(hear)
    # It goes with the process: a folder for each, so that each test sees those that it started.
    os.environ[KEPT_IN] = _folder().name


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="star-answers.")


def _look(answer: httpx.Response, *, streamed: bool) -> None:
    for got in (*answer.history, answer):
        path = got.request.url.path
        if not path.startswith(_PREFIXES):
            continue
        body = None if streamed and got is answer else got.content
        media_type = got.headers.get("content-type", "").partition(";")[0]
        _note(fault(got.request.method, path, got.status_code, media_type, body))


_PREFIXES: Final = (
    *("/v1/", "/plans/", "/reply/", "/asyncapi.json", "/schemas/"),
    *("/ingest/", "/thresholds/", "/notifier/", "/moe-sync/"),
)


def hear(answered: Answered) -> None:
    """Looks at an answer of an app; the console's pages have no document."""
    if answered.service == "console":
        return
    own = f"/{answered.service}" if answered.service in documents() else ""
    body = None if answered.body is None else answered.body.encode()
    _note(fault(answered.method, own + answered.path, answered.status, answered.media_type, body))


def _note(reason: str | None) -> None:
    if reason is not None:
        FAULTS.append(reason)


def kept(since: Mapping[Path, int]) -> Iterator[tuple[Path, int, Answered]]:
    """The answers of processes that tests have started, each with its file and the place where its line ends.

    `since` has how much of a file is passed over, in bytes. A line that is still being written waits.
    """
    for file in Path(_folder().name).glob("*.ndjson"):
        with file.open("rb") as lines:
            lines.seek(since.get(file, 0))
            while (line := lines.readline()).endswith(b"\n"):
                yield file, lines.tell(), Answered.of(line.decode())


def taken() -> Iterator[str]:
    """The faults since the last look, each once."""
    for file, place, answered in kept(_READ):
        _READ[file] = place
        hear(answered)
    yield from dict.fromkeys(FAULTS)
    FAULTS.clear()
