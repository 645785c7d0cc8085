"""The children to whom a school gave another's key, as far as records and responses tell of them. Pure.

No names are read for it: where no school sends national student numbers, the students' topic stays unread. The engine's key of such a child
says which key of the school it stands for.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from services.moe_sync.items.facts import Fact
from shared.identifiers import held_key
from shared.key_holders.repository import Holder

_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment at which the key was given is not told here. The children's numbers have its order, a day for each."""


def holders_in(facts: Iterable[Fact]) -> Iterator[Holder]:
    """The holders among the students of facts."""
    for subject in {fact.subject for fact in facts}:
        if (held := held_key(subject.student)) is not None:
            key, number = held
            yield Holder(subject.school, key, subject.student, _NO_TIME + timedelta(days=number))
