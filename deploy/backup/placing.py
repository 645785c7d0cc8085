"""How the broker stands to a backup that was put in place: each group is placed in its logs at once, before anybody writes to them.

A log that is older than the backup grows as soon as marks are posted, past the offset that a group reads next. From then on nobody can tell
that messages in between were never read.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, Literal

from deploy.backup.manifest import BackupError
from shared.bus.factory import create_bus
from shared.bus.interface import Bus, BusUnavailableError, Committed, Log, Partition, Standing
from shared.db.engine import create_engine
from shared.offsets import repository
from shared.offsets.ledger import Ledger
from shared.offsets.placing import GapKind, Kept, place
from shared.settings import Settings

TopicState = Literal["same", "ahead", "lost", "older", "another"]
"""same: the log ends where the groups stand. ahead: it goes on. lost: what follows was deleted unread. older: it ends before. another: the
topic was made again, or is another broker's."""

STATES: Final[Sequence[TopicState]] = ("same", "ahead", "lost", "older", "another")
"""From the best to the worst: a topic is as its worst partition is."""

PATIENCE: Final = timedelta(minutes=1)
PAUSE: Final = timedelta(milliseconds=500)

_OF_GAP: Final[Mapping[GapKind, TopicState]] = {"lost": "lost", "log-shorter": "older", "another-topic": "another"}


async def check_broker(settings: Settings) -> None:
    """Raises BackupError where the broker can't be asked."""
    bus = create_bus(settings)
    try:
        await bus.ping()
    except BusUnavailableError as error:
        raise BackupError(f"the broker does not answer ({error}): start it, as it is to be used from now on, and try again") from error
    finally:
        await bus.close()


async def place_groups(settings: Settings, owner_url: str, schemas: Sequence[str]) -> dict[str, TopicState]:
    """Puts on record, as each group's worker would, where it reads on; answers how each topic that was read from stands.

    Topics that are missing are made.
    """
    bus = create_bus(settings)
    found: dict[str, TopicState] = {}
    try:
        await bus.ensure_topics()
        for schema in schemas:
            for topic, state in await _place_schema(bus, owner_url, schema):
                found[topic] = max(found.get(topic, "same"), state, key=STATES.index)
    finally:
        await bus.close()
    return dict(sorted(found.items()))


async def _place_schema(bus: Bus, owner_url: str, schema: str) -> list[tuple[str, TopicState]]:
    engine = create_engine(owner_url, schema, pool_size=1)
    states: list[tuple[str, TopicState]] = []
    try:
        async with engine.connect() as connection:
            groups = await repository.groups(connection)
        for group in groups:
            async with engine.connect() as connection:
                kept = await repository.kept(connection, group)
            standing = await _standing(bus, group, sorted({partition.topic for partition in kept}))
            await Ledger(engine, group).positions(standing.logs, _committed(standing))
            states += [(partition.topic, state_of(group, partition, at, standing.logs.get(partition))) for partition, at in kept.items()]
    finally:
        await engine.dispose()
    return states


async def _standing(bus: Bus, group: str, topics: Sequence[str]) -> Standing:
    """A broker that has nothing yet makes its own topic of commits once it is asked for some, and knows of none until then."""
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while True:
        try:
            return await bus.standing(group, topics)
        except BusUnavailableError:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(PAUSE.total_seconds())


def state_of(group: str, partition: Partition, kept: Kept, log: Log | None) -> TopicState:
    """How a partition stands to what the group has consumed of it; one that is not there any more is another topic's. Pure."""
    if log is None:
        return "another"
    _, gap = place(group, partition, kept, log)
    if gap is not None:
        return _OF_GAP[gap.kind]
    return "ahead" if log.end > kept.next_offset else "same"


def _committed(standing: Standing) -> Committed:
    async def committed() -> Mapping[Partition, int]:
        return standing.committed

    return committed
