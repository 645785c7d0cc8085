"""`star lag`: records and seconds behind, for each group and partition."""

import asyncio
import json
from datetime import timedelta

from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.interface import Outgoing, Partition
from tests.support.processes import run_star


async def test_a_group_that_is_behind(database_url: str) -> None:
    bus = EmbeddedBus(database_url, partitions=1, publish_timeout=timedelta(seconds=5))
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    consumer = bus.consumer("thresholds.marks", ["star.marks.v1"])
    await consumer.fetch(most=1, wait=timedelta(0))
    await consumer.commit({Partition("star.marks.v1", 0): 0})
    await publisher.publish([Outgoing("star.marks.v1", b"0999", b"{}")] * 3)
    await consumer.stop()
    await publisher.stop()
    await bus.close()

    environment = {"STAR_DATABASE_URL": database_url}
    [item] = json.loads(await asyncio.to_thread(run_star, ["lag", "--json"], environment))["groups"]
    assert {**item, "seconds": 0} == {"group": "thresholds.marks", "topic": "star.marks.v1", "partition": 0, "records": 3, "seconds": 0}
    assert 0 <= item["seconds"] < 60
    assert "thresholds.marks" in await asyncio.to_thread(run_star, ["lag"], environment)
