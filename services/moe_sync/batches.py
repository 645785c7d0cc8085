"""What goes into an upload: the items that changed since they were last included, and those that go again. Pure."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from services.moe_sync.document import Counts, Document, RecordItem, ResponseItem

AnyItem = TypeVar("AnyItem", RecordItem, ResponseItem)


@dataclass(frozen=True, slots=True)
class Candidate(Generic[AnyItem]):
    """An item as it was at the close; `revision` is the number of that version.

    `included` is the last revision that an upload took along, 0 for none; `rejected` is whether the Ministry rejected that.
    `record_included` says of a response whether its record has been in an upload.
    """

    item: AnyItem
    revision: int
    included: int
    rejected: bool = False
    record_included: bool = False

    @property
    def changed(self) -> bool:
        """Whether it says something that no upload has said."""
        return self.revision > self.included


@dataclass(frozen=True, slots=True)
class Batch:
    """What one upload holds; `revisions` are its items' ids, each with the revision that goes."""

    records: tuple[RecordItem, ...]
    responses: tuple[ResponseItem, ...]
    revisions: tuple[tuple[UUID, int], ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say."""
        return not self.revisions


def select(records: Sequence[Candidate[RecordItem]], responses: Sequence[Candidate[ResponseItem]]) -> Batch:
    """Picks what goes, in an order that depends on nothing but the items.

    A response waits for its record: they come on two topics, and the Ministry takes no response on a record it has not seen. A
    rejected response goes again with its record: it never changes by itself, and its record may have been the reason.
    """
    going = [candidate for candidate in records if candidate.changed]
    here = frozenset(candidate.item.id for candidate in going)
    following = [candidate for candidate in responses if _goes(candidate, here)]
    return Batch(
        records=tuple(sorted((candidate.item for candidate in going), key=lambda item: (item.crossed_on, item.id))),
        responses=tuple(sorted((candidate.item for candidate in following), key=lambda item: (item.occurred_on, item.id))),
        revisions=tuple(sorted([*map(_revision, going), *map(_revision, following)])),
    )


def document_of(batch: Batch, *, school: str, term: str, week: str, number: int, created_at: datetime) -> Document:
    """The batch as it travels; `created_at` to the second."""
    return Document(
        school=school,
        term=term,
        week=week,
        number=number,
        created_at=created_at.replace(microsecond=0),
        records=list(batch.records),
        responses=list(batch.responses),
        counts=Counts(len(batch.records), len(batch.responses)),
    )


def _revision(candidate: Candidate[AnyItem]) -> tuple[UUID, int]:
    return candidate.item.id, candidate.revision


def _goes(response: Candidate[ResponseItem], records: AbstractSet[UUID]) -> bool:
    with_its_record = response.item.record_id in records
    if response.changed:
        return with_its_record or response.record_included
    return with_its_record and response.rejected and response.revision == response.included
