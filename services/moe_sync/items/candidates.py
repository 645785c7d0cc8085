"""Items that may go with the next upload, and what has been sent of them so far. Pure."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from services.moe_sync.items.item import Change, RecordItem, ResponseItem, change_of

AnyItem = TypeVar("AnyItem", RecordItem, ResponseItem)


@dataclass(frozen=True, slots=True)
class Candidate(Generic[AnyItem]):
    """An item as it was at the close; `revision` is the number of that version.

    `included` is the last revision that an upload took along, 0 for none; `rejected` is whether the Ministry rejected that. `accepted`
    is the last revision that it took, 0 for none. `record_sent`: whether the record of a response is there or on its way.
    """

    item: AnyItem
    revision: int
    included: int
    rejected: bool = False
    record_sent: bool = False
    accepted: int = 0

    @property
    def changed(self) -> bool:
        """Whether it says something that no upload has said."""
        return self.revision > self.included

    @property
    def sent(self) -> bool:
        """Whether the receiver knows it once it has taken all that is on its way."""
        return self.accepted > 0 or (self.included > 0 and not self.rejected)

    @property
    def change(self) -> Change:
        """The change for a receiver that has accepted all uploads on their way."""
        return change_of(self.item, known=self.sent)
