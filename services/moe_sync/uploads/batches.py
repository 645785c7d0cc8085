"""The choice of an upload's items: those that changed since they were last included, and those that go again. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Generic
from uuid import UUID

from msgspec import UNSET, UnsetType

from services.moe_sync.items.candidates import AnyItem, Candidate
from services.moe_sync.items.item import Change, RecordItem, ResponseItem, change_of
from services.moe_sync.uploads.document import VERSION, Counts, Document, changes_of, record_entry, response_entry, sealed


@dataclass(frozen=True, slots=True)
class Going(Generic[AnyItem]):
    """An item that goes, and what it is to the receiver."""

    item: AnyItem
    revision: int
    change: Change


@dataclass(frozen=True, slots=True)
class Batch:
    """The items of one upload. `moot` are items, each with its revision, that need not be sent any more."""

    records: tuple[Going[RecordItem], ...]
    responses: tuple[Going[ResponseItem], ...]
    moot: tuple[tuple[UUID, int], ...] = ()

    @property
    def going(self) -> tuple[tuple[UUID, int, Change], ...]:
        """The chosen items: id, revision and change, by id."""
        records = [(going.item.id, going.revision, going.change) for going in self.records]
        return tuple(sorted([*records, *((going.item.id, going.revision, going.change) for going in self.responses)]))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.records or self.responses)


def select(records: Sequence[Candidate[RecordItem]], responses: Sequence[Candidate[ResponseItem]]) -> Batch:
    """Picks what goes, in an order that depends on nothing but the items.

    A response waits for its record: they come on two topics, and the Ministry takes no response on a record it does not have. A
    rejected response goes again with its record: it never changes by itself, and its record may have been the reason. A response
    that was withdrawn before the Ministry accepted it is left out.
    """
    going = [candidate for candidate in records if candidate.changed]
    here = frozenset(candidate.item.id for candidate in going)
    following = [candidate for candidate in responses if not _moot(candidate) and _goes(candidate, here)]
    return Batch(
        records=_records(_going(candidate) for candidate in going),
        responses=_responses(_going(candidate) for candidate in following),
        moot=tuple(sorted((candidate.item.id, candidate.revision) for candidate in responses if candidate.changed and _moot(candidate))),
    )


def settle(batch: Batch, accepted: AbstractSet[UUID]) -> tuple[Batch, frozenset[UUID]]:
    """The batch as it goes now that all uploads before it have been answered, and the responses that have to wait for their records.

    `accepted` are those of its items, and of its responses' records, that the receiver has taken.
    """
    here = frozenset(going.item.id for going in batch.records)
    waiting = frozenset(going.item.id for going in batch.responses if going.item.record_id not in here | accepted)
    moot = [going for going in batch.responses if going.item.gone and going.item.id not in accepted]
    left_out = waiting.union(going.item.id for going in moot)
    changed = Batch(
        records=_records(Going(going.item, going.revision, _change(going.item, accepted)) for going in batch.records),
        responses=_responses(
            Going(going.item, going.revision, _change(going.item, accepted)) for going in batch.responses if going.item.id not in left_out
        ),
        moot=tuple(sorted((going.item.id, going.revision) for going in moot)),
    )
    return changed, waiting.difference(going.item.id for going in moot)


def document_of(
    batch: Batch,
    *,
    school: str,
    term: str,
    week: str,
    number: int,
    created_at: datetime,
    nsns: Mapping[UUID, str] | None = None,
) -> Document:
    """The batch as it travels; `created_at` to the second. `nsns` are the students' numbers, None where the school keeps them home."""

    def nsn(record: RecordItem) -> str | UnsetType | None:
        return UNSET if nsns is None else nsns.get(record.student_id)

    records = [record_entry(going.item, going.change, nsn(going.item)) for going in batch.records]
    responses = [response_entry(going.item, going.change) for going in batch.responses]
    return sealed(
        Document(
            version=VERSION,
            school=school,
            term=term,
            week=week,
            number=number,
            created_at=created_at.replace(microsecond=0),
            records=records,
            responses=responses,
            counts=Counts(len(records), len(responses)),
            changes=changes_of([*records, *responses]),
        )
    )


def _records(going: Iterable[Going[RecordItem]]) -> tuple[Going[RecordItem], ...]:
    return tuple(sorted(going, key=lambda sent: (sent.item.crossed_on, sent.item.id)))


def _responses(going: Iterable[Going[ResponseItem]]) -> tuple[Going[ResponseItem], ...]:
    return tuple(sorted(going, key=lambda sent: (sent.item.occurred_on, sent.item.id)))


def _going(candidate: Candidate[AnyItem]) -> Going[AnyItem]:
    return Going(candidate.item, candidate.revision, candidate.change)


def _change(item: RecordItem | ResponseItem, accepted: AbstractSet[UUID]) -> Change:
    return change_of(item, known=item.id in accepted)


def _moot(response: Candidate[ResponseItem]) -> bool:
    return response.item.gone and not response.sent


def _goes(response: Candidate[ResponseItem], records: AbstractSet[UUID]) -> bool:
    with_its_record = response.item.record_id in records
    if response.changed:
        return with_its_record or response.record_sent
    return with_its_record and response.rejected and response.revision == response.included
