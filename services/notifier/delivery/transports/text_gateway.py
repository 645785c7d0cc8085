"""Text messages: one HTTP POST each to a gateway, whose fields the settings name."""

import asyncio
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

import httpx

from services.notifier.delivery.transports.interface import Parcel
from services.notifier.delivery.transports.outcomes import Away, Deferred, Ours, Unwanted
from services.notifier.delivery.transports.rate import Pace
from shared.clock import Clock, utc_now
from shared.tls import is_certificate_fault
from shared.web.headers import retry_after
from shared.worklist.tasks import Done, Outcome

CONNECT_TIMEOUT: Final = 10.0
SHORTEST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(hours=1)

AGAIN: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
OURS_TO_MEND: Final = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    }
)
"""Answers that are about the account or the address of the gateway: no text is at fault."""

PLACES: Final = ("to", "text", "reference")
DEFAULT_FIELDS: Final[Mapping[str, str]] = MappingProxyType({place: f"{{{place}}}" for place in PLACES})


@dataclass(frozen=True, slots=True)
class TextGateway:
    """Where texts are posted. `fields` is the body: a value `{to}`, `{text}` or `{reference}` is filled in, others stay as they are."""

    url: str
    token: str = field(default="", repr=False)
    fields: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_FIELDS))


def checked_gateway_url(url: str) -> str:
    """The URL. Raises ValueError, whose message does not quote it, for one that would carry names in the clear."""
    parts = urlsplit(url)
    if not parts.hostname or parts.username or parts.password or parts.fragment:
        raise ValueError("a text gateway's URL has a host, and neither a user nor a fragment; its token is a setting of its own")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts.hostname)):
        return url
    raise ValueError("a text gateway's URL starts with https:// (http:// on this machine only)")


def checked_fields(fields: Mapping[str, str]) -> Mapping[str, str]:
    """The fields. Raises ValueError when the number or the text would not be sent."""
    for place in ("{to}", "{text}"):
        if place not in fields.values():
            raise ValueError(f"one of the text gateway's fields has the value {place}")
    return fields


class TextTransport:
    """Posts to one gateway, over connections that are kept."""

    def __init__(self, gateway: TextGateway, *, timeout: timedelta, pace: Pace | None = None, clock: Clock = utc_now) -> None:
        self._gateway = gateway
        self._timeout = timeout.total_seconds()
        self._pace = pace or Pace(None)
        self._clock = clock
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(self._timeout, connect=min(CONNECT_TIMEOUT, self._timeout)),
            follow_redirects=False,
            headers={"Authorization": f"Bearer {gateway.token}"} if gateway.token else {},
        )

    async def send(self, parcel: Parcel) -> Outcome:
        """One attempt. The gateway knows a repeated one by its key."""
        if (later := await self._pace.turn()) is not None:
            return later
        values = {"{to}": parcel.recipient, "{text}": parcel.text, "{reference}": str(parcel.id)}
        body = {name: values.get(value, value) for name, value in self._gateway.fields.items()}
        try:
            # httpx bounds each wait for bytes, not their sum. Of the answer, only the status and the headers are of use.
            async with (
                asyncio.timeout(self._timeout),
                self._client.stream("POST", self._gateway.url, json=body, headers={"Idempotency-Key": str(parcel.id)}) as response,
            ):
                return self._read(response)
        except (TimeoutError, httpx.TimeoutException):
            return Away("the text gateway did not answer in time")
        except httpx.HTTPError as error:
            if is_certificate_fault(error):
                return Ours("the text gateway's certificate is another's, expired or not trusted")
            return Away(f"the text gateway is away: {type(error).__name__}")

    async def close(self) -> None:
        """Lets go of connections."""
        await self._client.aclose()

    def _read(self, response: httpx.Response) -> Outcome:
        status = response.status_code
        reason = f"HTTP {status}"
        if response.is_success:
            return Done()
        if status in AGAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            pause = retry_after(response.headers.get("retry-after"), self._clock(), shortest=SHORTEST_PAUSE, longest=LONGEST_PAUSE)
            return Away(reason, pause) if status != HTTPStatus.CONFLICT else Deferred(reason, pause)
        if status in OURS_TO_MEND or status < HTTPStatus.BAD_REQUEST:
            return Ours(reason)
        return Unwanted(reason)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
