"""Folds facts into items: each change of an item is a version with a number and a moment. Pure.

Versions are kept so that an upload made late, after an outage say, still holds what was so when its window closed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.moe_sync.items.facts import Fact, ResponseGiven, ResponseTakenBack
from services.moe_sync.items.item import Item, ItemKind
from services.moe_sync.items.records import Knowledge, Record, Response, learn_of_record, learn_of_response, record_item, response_item


@dataclass(frozen=True, slots=True)
class Identity:
    """An item's identity, from the first fact about it. `record_id` is the record that a response is on; a record's is its own id."""

    id: UUID
    kind: ItemKind
    school: str
    record_id: UUID


@dataclass(slots=True)
class Tracked:
    """An item, what is known of it, and its newest version: `revision` 0 while it has none."""

    identity: Identity
    knowledge: Knowledge | None = None
    revision: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """An item as it became at a moment. `revision` counts from 1."""

    item: Item
    revision: int
    changed_at: datetime


def identity_of(fact: Fact) -> Identity:
    """The item that a fact is about."""
    if isinstance(fact, (ResponseGiven, ResponseTakenBack)):
        return Identity(fact.response_id, "response", fact.subject.school, fact.record_id)
    return Identity(fact.record_id, "record", fact.subject.school, fact.record_id)


def track(facts: Iterable[Fact], items: Mapping[UUID, Tracked], heard_at: datetime) -> list[Version]:
    """Folds the facts into their items, in order; answers the versions that came of it. None is from later than `heard_at`."""
    versions: list[Version] = []
    for fact in facts:
        tracked = items[identity_of(fact).id]
        before = _item(tracked)
        tracked.knowledge = _learn(tracked.knowledge, fact)
        after = _item(tracked)
        if after is None or after == before:
            continue
        # Later facts are later versions, even where the clocks they come from disagree. Whatever those say, what is heard of before a
        # window closes goes with it.
        changed_at = fact.at if tracked.changed_at is None else max(tracked.changed_at, fact.at)
        tracked.changed_at = min(changed_at, heard_at)
        tracked.revision += 1
        versions.append(Version(after, tracked.revision, tracked.changed_at))
    return versions


def _learn(knowledge: Knowledge | None, fact: Fact) -> Knowledge:
    if isinstance(fact, (ResponseGiven, ResponseTakenBack)):
        assert knowledge is None or isinstance(knowledge, Response)
        return learn_of_response(knowledge, fact)
    assert knowledge is None or isinstance(knowledge, Record)
    return learn_of_record(knowledge, fact)


def _item(tracked: Tracked) -> Item | None:
    match tracked.knowledge:
        case Record() as record:
            return record_item(tracked.identity.id, record)
        case Response() as response:
            return response_item(response)
        case None:
            return None
