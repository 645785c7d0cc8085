"""The imports endpoint as `star import` calls it: with patience while it is away, and a clear word where patience won't help."""

import gzip
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from deploy.importing.chunks import Chunk

FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 10.0
TIMEOUT: Final = 60.0
COME_AGAIN: Final = frozenset(
    {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class DoorError(Exception):
    """The door refused a request, or did not answer for as long as we had patience. The message is for people."""


class Door:
    """Posts chunks of one import."""

    def __init__(
        self, url: str, school: str, token: str, query: Mapping[str, Any], patience: float, waiting: Callable[[str], None]
    ) -> None:
        self._url = f"{url.rstrip('/')}/v1/schools/{school}/imports"
        self._query = dict(query)
        self._patience = patience
        self._waiting = waiting
        # No proxy of the environment's stands between this machine and itself.
        trust = urlsplit(url).hostname not in LOOPBACK
        self._http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT, trust_env=trust)

    def post(self, chunk: Chunk) -> Any:
        """The door's report of a chunk. Sends it again while nobody answers: what had arrived does no harm. Raises DoorError."""
        headers = {"Content-Type": "text/csv; charset=utf-8", "Content-Encoding": "gzip"}
        # The mark in front tells the encoding beyond doubt.
        body = gzip.compress(chunk.text.encode("utf-8-sig"), compresslevel=1)
        deadline = time.monotonic() + self._patience
        pause = FIRST_PAUSE
        while True:
            try:
                answer = self._http.post(self._url, params=self._query, headers=headers, content=body)
            except httpx.TransportError as error:
                why = f"no answer ({type(error).__name__})"
            except httpx.InvalidURL as error:
                raise DoorError(f"the address can't be used: {error}") from error
            else:
                if answer.is_success:
                    return _report(answer)
                why = f"{answer.status_code}, {_detail(answer)}"
                if answer.status_code not in COME_AGAIN:
                    raise DoorError(why)
            if time.monotonic() + pause > deadline:
                raise DoorError(f"{why}, for {self._patience:.0f} seconds")
            self._waiting(why)
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def close(self) -> None:
        """Ends the connection."""
        self._http.close()


def _report(answer: httpx.Response) -> Any:
    try:
        report = answer.json()
        if {"accepted", "refused", "refusals", "columns"} <= report.keys():
            return report
    except (ValueError, AttributeError):
        pass
    raise DoorError("what answers there is not the door of a STAR engine: is --url its address, with /ingest in one process?")


def _detail(answer: httpx.Response) -> str:
    """What the problem says (RFC 9457)."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
