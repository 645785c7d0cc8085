"""The witness before the door of a proving ground: it counts the requests about the made-up school, and closes the door when asked to.

It keeps how many there were and how they were answered, and nothing of what they said.
"""

import json
import time
from collections.abc import Callable
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.conformance.ground import NUMBER

LONGEST_OUTAGE: Final = 600
RETRY_AFTER: Final = 5
MOST_ANSWER: Final = 1024 * 1024
_PATHS: Final = (f"/v1/schools/{NUMBER}/", f"/ingest/v1/schools/{NUMBER}/")
_REFUSAL: Final = json.dumps(
    {
        "type": "urn:nz-star:problem:unavailable",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "the proving ground's outage: send the same again later",
    }
).encode()


class Witness:
    """Counts of the requests about the proving ground; in memory, as an exercise is short."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._closed_until = 0.0
        self.outages = 0
        self.requests = 0
        self.accepted = 0
        self.rejected: dict[str, int] = {}
        self.refused_in_outage = 0
        self.accepted_after = 0
        self.most_a_second = 0
        self._second = (0, 0)

    def close_the_door(self, seconds: int) -> None:
        """Has the door answer 503 for so many seconds."""
        self._closed_until = self._clock() + min(seconds, LONGEST_OUTAGE)
        self.outages += 1

    @property
    def is_closed(self) -> bool:
        """Whether the door is closed now."""
        return self._clock() < self._closed_until

    def refused(self) -> None:
        """A request met the closed door."""
        self.refused_in_outage += 1
        second = int(self._clock())
        self._second = (second, self._second[1] + 1 if self._second[0] == second else 1)
        self.most_a_second = max(self.most_a_second, self._second[1])

    def answered(self, status: int, answer: bytes) -> None:
        """A request was answered by the door."""
        self.requests += 1
        try:
            told = json.loads(answer)
            accepted, rejected = int(told["accepted"]), [str(item["reason"]) for item in told["rejected"]]
        except (ValueError, TypeError, LookupError):
            return
        for reason in rejected:
            self.rejected[reason] = self.rejected.get(reason, 0) + 1
        if status < 300:
            self.accepted += accepted
            self.accepted_after += accepted if self.refused_in_outage and not self.is_closed else 0

    def seen(self) -> dict[str, Any]:
        """The counts, for the report."""
        return {
            name: getattr(self, name)
            for name in ("outages", "requests", "accepted", "rejected", "refused_in_outage", "accepted_after", "most_a_second")
        }


class Witnessed:
    """The door's app behind the witness. Requests about other schools pass untouched."""

    def __init__(self, app: ASGIApp, witness: Witness) -> None:
        self._app = app
        self._witness = witness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it during an outage."""
        if scope["type"] != "http" or scope["method"] == "GET" or not scope["path"].startswith(_PATHS):
            await self._app(scope, receive, send)
        elif self._witness.is_closed:
            self._witness.refused()
            await _refuse(send)
        else:
            await self._app(scope, receive, self._listening(send))

    def _listening(self, send: Send) -> Send:
        status, answer = 0, bytearray()

        async def heard(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif len(answer) < MOST_ANSWER:
                answer.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                self._witness.answered(status, bytes(answer))
            await send(message)

        return heard


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"application/problem+json"), (b"retry-after", str(RETRY_AFTER).encode())]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": _REFUSAL})
