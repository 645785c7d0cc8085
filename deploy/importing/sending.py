"""A file on its way to the imports endpoint: with patience while the service is away, and a clear word where patience won't help."""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import httpx

from deploy.importing.parts import Part, parts_of
from deploy.patience import TRY_AGAIN, pause_after, problem_detail

LIMIT: Final = 50 * 1024 * 1024
"""Bytes of a request, as the service comes: see its STAR_IMPORT_LIMIT. Where it takes less, it is asked again with half."""
LEAST: Final = 4 * 1024
"""Below this, no limit of a server's explains a refusal."""

LONGEST_PAUSE: Final = 10.0
TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Outcome(Protocol):
    """The reports of a file, as they come."""

    @property
    def last_line(self) -> int:
        """Every row up to this line of the file is dealt with."""

    def add(self, report: Mapping[str, Any], /) -> None:
        """Takes a report."""


class SendingError(Exception):
    """The service refused a request, or was away for as long as we had patience. The message is for people."""


class Sender:
    """Sends one file, and goes on behind the last line that is known to be dealt with wherever a request fails."""

    def __init__(
        self,
        url: str,
        school: str,
        token: str,
        query: Mapping[str, Any],
        patience: float,
        outcome: Outcome,
        *,
        media: str = "text/csv",
        moved: Callable[[int], object],
        waiting: Callable[[str], object],
    ) -> None:
        self.outcome = outcome
        self._media = media
        self._url = f"{url.rstrip('/')}/v1/schools/{school}/imports"
        self._query = dict(query)
        self._patience = patience
        self._moved = moved
        self._waiting = waiting
        # No proxy of the environment's stands between this machine and itself.
        trust = urlsplit(url).hostname not in LOOPBACK
        self._http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT, trust_env=trust)

    def send(self, path: Path) -> None:
        """Returns when every row is dealt with; `outcome` says how. Raises SendingError, OSError, and ValueError where a file that has
        to be cut can't be."""
        limit = LIMIT if self._media == "text/csv" else path.stat().st_size
        while not self._sent(path, limit):
            limit = min(limit, path.stat().st_size) // 2
            if limit < LEAST or self._media != "text/csv":
                raise SendingError("413, the service takes no request of this size: is there a proxy before it?")

    def close(self) -> None:
        """Ends the connection."""
        self._http.close()

    def _sent(self, path: Path, limit: int) -> bool:
        """Whether parts of this size were taken."""
        for part in parts_of(path, limit):
            if part.last_line is not None and part.last_line <= self.outcome.last_line:
                continue
            if not self._part_sent(part):
                return False
        return True

    def _part_sent(self, part: Part) -> bool:
        """Whether it was not too large; how often ever it has to be sent."""
        waited, attempt, last_line = 0.0, 0, self.outcome.last_line
        while True:
            answer, why = self._post(part)
            if answer is not None:
                if answer.is_success:
                    self.outcome.add(_report(answer))
                    return True
                self._add_so_far(answer)
                if answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                    return False
                if answer.status_code not in TRY_AGAIN:
                    raise SendingError(why)
            if self.outcome.last_line > last_line:
                waited, attempt, last_line = 0.0, 0, self.outcome.last_line
            attempt += 1
            pause = pause_after(attempt, answer, LONGEST_PAUSE)
            if waited + pause > self._patience:
                raise SendingError(f"{why}, for {self._patience:.0f} seconds")
            self._waiting(why)
            time.sleep(pause)
            waited += pause

    def _post(self, part: Part) -> tuple[httpx.Response | None, str]:
        """The answer, or None; and what went wrong in words."""
        query = self._query | {"from_line": self.outcome.last_line}
        headers = {"Content-Type": self._media, "Content-Length": str(part.size)}
        try:
            answer = self._http.post(self._url, params=query, headers=headers, content=part.pieces(self._moved))
        except httpx.TransportError as error:
            return None, f"no answer ({type(error).__name__})"
        except httpx.InvalidURL as error:
            raise SendingError(f"the address can't be used: {error}") from error
        return answer, f"{answer.status_code}, {problem_detail(answer)}"

    def _add_so_far(self, answer: httpx.Response) -> None:
        """A refusal in the middle of a file says how far it came."""
        try:
            report = answer.json()["report"]
            goes_on = report["last_line"] > self.outcome.last_line
        except (ValueError, KeyError, TypeError):
            return
        if goes_on:
            self.outcome.add(report)


def _report(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        report: Mapping[str, Any] = answer.json()
        if {"accepted", "refused", "refusals", "dry_run"} <= report.keys():
            return report
    except (ValueError, AttributeError):
        pass
    raise SendingError("what answers there is not the door of a STAR engine: is --url its address, with /ingest in one process?")
