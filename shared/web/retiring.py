"""Operations that will go: their answers say since when, and until when, as RFC 9745 and RFC 8594 have it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Any, Final, TypeVar

POLICY: Final = "/docs/reference/api-changes/"
_RETIRING: Final = "_star_retiring"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Retiring:
    """An operation that is deprecated since a day, and gone after another. `instead` names what to use, for a reader."""

    since: date
    until: date
    instead: str

    def headers(self) -> Mapping[str, str]:
        """The headers of every answer of the operation."""
        since = datetime.combine(self.since, time(), UTC)
        until = datetime.combine(self.until, time(), UTC)
        return {
            "Deprecation": f"@{int(since.timestamp())}",
            "Sunset": format_datetime(until, usegmt=True),
            "Link": f'<{POLICY}>; rel="deprecation"; type="text/html"',
        }

    def sentence(self) -> str:
        """The sentence of the document."""
        return f"Deprecated since {self.since}, gone after {self.until}: {self.instead}."


def retiring(*, since: date, until: date, instead: str) -> Callable[[Endpoint], Endpoint]:
    """Marks an endpoint, below its route: `@retiring(since=date(2027, 2, 1), until=date(2028, 2, 1), instead="use listThings")`."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _RETIRING, Retiring(since, until, instead))
        return endpoint

    return mark


def retiring_of(endpoint: Callable[..., Any]) -> Retiring | None:
    """The mark of an endpoint; None for one that stays."""
    found: Retiring | None = getattr(endpoint, _RETIRING, None)
    return found
