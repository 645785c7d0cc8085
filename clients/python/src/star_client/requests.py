"""The parts of a request and the reading of an answer, the same for sync and async. Nothing here does I/O."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import httpx

from star_client.errors import StarError

TRIES: Final = 5
AGAIN: Final = frozenset({429, 502, 503, 504})
"""Statuses after which nothing counts: a repetition does no harm, since posts are idempotent."""

LONGEST_WAIT: Final = 60.0
"""Seconds. A server that asks for more is asked again after these."""


@dataclass(frozen=True)
class Config:
    """Where the services are, and how patient the client is.

    `base_url` is that of one process, where each service lies under its name. A cluster has an address for each: `services`.
    """

    base_url: str
    services: Mapping[str, str] = field(default_factory=dict)
    tries: int = TRIES

    def url(self, path: str) -> str:
        """The address of `/thresholds/v1/...`."""
        service, _, rest = path.removeprefix("/").partition("/")
        return f"{self.services[service].rstrip('/')}/{rest}" if service in self.services else f"{self.base_url.rstrip('/')}{path}"


def prepared(method: str, path: str, parts: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path with its values, and the arguments for httpx: the same for each attempt, so that a repeated post makes one thing."""
    filled = path.format(**{name: quote(str(value), safe="") for name, value in parts.get("at", {}).items()})
    headers = {name: str(value) for name, value in parts.get("headers", {}).items() if value is not None}
    if method == "POST":
        headers.setdefault("Idempotency-Key", str(uuid4()))
    arguments: dict[str, Any] = {
        "params": [pair for name, value in parts.get("query", {}).items() if value is not None for pair in _pairs(name, value)],
        "headers": headers,
    }
    body = parts.get("body")
    if body is not None:
        media_type = parts.get("media_type", "application/json")
        headers["Content-Type"] = media_type
        arguments["content"] = json.dumps(body).encode() if media_type == "application/json" and not isinstance(body, bytes) else body
    return filled, arguments


def _pairs(name: str, value: Any) -> list[tuple[str, str]]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return [(name, str(one).lower() if isinstance(one, bool) else str(one)) for one in values]


def wait_before(attempt: int, answer: httpx.Response | None) -> float:
    """Seconds to wait before the next attempt: as `Retry-After` says, else longer each time, with chance in it."""
    asked = _asked_wait(answer) if answer is not None else None
    if asked is None:
        return min(2.0**attempt, LONGEST_WAIT) * (0.5 + random.random() / 2)  # noqa: S311 - no secret
    return min(asked, LONGEST_WAIT)


def _asked_wait(answer: httpx.Response) -> float | None:
    """Seconds by `Retry-After`, which is a number or a date (RFC 9110, 10.2.3). None without one that can be read."""
    after = answer.headers.get("retry-after", "").strip()
    if after.isascii() and after.isdigit():
        return float(after)
    until = _date(after)
    if until is None:
        return None
    # The server's own clock counts: this machine's may be wrong.
    now = _date(answer.headers.get("date", "")) or datetime.now(UTC)
    return max((until - now).total_seconds(), 0.0)


def _date(text: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def read(answer: httpx.Response) -> Any:
    """The answer as data: JSON, bytes, or None for no content. Raises StarError for a refusal."""
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status_code >= 400:
        try:
            problem = answer.json()
        except ValueError:
            problem = {"detail": answer.text[:200]}
        raise StarError(answer.status_code, problem if isinstance(problem, dict) else {})
    if not answer.content:
        return None
    return answer.json() if media_type.endswith("json") else answer.content
