"""Pages of the feed that several readers ask for: kept as bytes for a while, with what the audit log says of them.

Only full pages are kept: nothing is ever put between their events. The rights of a reader are part of what is asked, so nobody gets a page
of other schools than the token's.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Self

import msgspec

from services.thresholds.feed.cursors import Cursor, Event
from services.thresholds.feed.encoded import EncodedEvent
from services.thresholds.feed.on_record import shown_in
from shared.audit.log import Shown

MOST: Final = 32
"""Pages in memory, of up to a megabyte each: readers of one morning are a few pages apart."""


class PageQuestion(NamedTuple):
    """A reader's question: `schools` are those of the token, None for all."""

    cursor: Cursor
    schools: tuple[str, ...] | None
    limit: int


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events, oldest first, and where to go on. `body` is the answer's JSON, `shown` what the audit log says of them."""

    events: Sequence[EncodedEvent]
    next: Cursor
    body: bytes
    shown: Shown

    @classmethod
    def of(cls, events: Sequence[EncodedEvent], next_: Cursor) -> Self:
        """The page of these events."""
        return cls(events, next_, _body(events, next_), shown_in(events))

    def called(self, events: Sequence[EncodedEvent]) -> Self:
        """The page with its students called by other names. The log has the engine's keys, whatever the school calls them."""
        return replace(self, events=events, body=_body(events, self.next))


class KeptPage(NamedTuple):
    """A page that was read, with its first and last event as the feed had them."""

    first: Event
    last: Event
    page: FeedPage


class Pages:
    """The pages that were read last by this process."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[PageQuestion, KeptPage] = OrderedDict()

    def of(self, asked: PageQuestion) -> KeptPage | None:
        """The page, as it was read."""
        return self._kept.get(asked)

    def keep(self, asked: PageQuestion, first: Event, last: Event, page: FeedPage) -> None:
        """Keeps a full page."""
        self._kept[asked] = KeptPage(first, last, page)
        self._kept.move_to_end(asked)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


def _body(events: Sequence[EncodedEvent], next_: Cursor) -> bytes:
    return b'{"items":[' + b",".join(event.item for event in events) + b'],"next":' + msgspec.json.encode(str(next_)) + b"}"
