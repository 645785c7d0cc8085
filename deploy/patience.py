"""How our own clients of the REST API wait: which answers to try again after, for how long, and what a refusal says."""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

import httpx

from shared.clock import utc_now
from shared.web.headers import retry_after

TRY_AGAIN: Final = frozenset(
    {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)
FIRST_PAUSE: Final = 0.25


def pause_after(attempt: int, answer: httpx.Response | None, longest: float) -> float:
    """Seconds to wait after an attempt (the first is 1) that got this answer, or none: twice as long each time, never less than the
    answer's Retry-After asks for, and never more than `longest`."""
    pause = min(FIRST_PAUSE * 2.0 ** (attempt - 1), longest)
    header = answer.headers.get("retry-after") if answer is not None else None
    asked = retry_after(header, utc_now(), shortest=timedelta(0), longest=timedelta(seconds=longest))
    return max(pause, asked.total_seconds()) if asked is not None else pause


def problem_detail(answer: httpx.Response) -> str:
    """A refusal's own detail (RFC 9457), or the status in words if the answer is no problem document."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
