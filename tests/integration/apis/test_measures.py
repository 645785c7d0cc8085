"""The measurements of each API for Prometheus, of a database in which everything is there once for each of two schools."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import text

from services.moe_sync.uploads.measures import measure_uploads
from services.notifier.delivery.measures import measure_deliveries
from services.notifier.letters.measures import measure_letters
from services.notifier.partners.measures import measure_partners
from services.notifier.partners.repository.webhooks import backlogs
from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.interface import Outgoing, Partition
from shared.bus.lag import GroupLag
from shared.db.engine import create_engine
from shared.measures.backups import note_backup
from shared.measures.common import Measure
from shared.measures.measuring import Measuring
from shared.telemetry.exposition import metrics_of
from tests.integration.apis.world import World
from tests.integration.deploy.test_faults import AWAY
from tests.integration.thresholds.conftest import NOW

EVENTS = """
    INSERT INTO partner_events (event_id, event_type, source, school, time, data)
    SELECT 'measured-' || n, 'nz.star.threshold.crossed.v1', '/thresholds', '0999', :now, '{}' FROM generate_series(1, 3) n
"""
WAITING = """
    INSERT INTO webhook_deliveries (id, subscription_id, position, status)
    SELECT gen_random_uuid(), CAST(:subscription AS uuid), position, 'waiting' FROM partner_events
    WHERE event_id LIKE 'measured-%' ORDER BY position LIMIT :most
"""


async def no_lags() -> list[GroupLag]:
    return []


def number(schema: str, series: str) -> float | None:
    """The value of a series as its service's /metrics has it; None without."""
    lines = metrics_of(schema).decode().splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == series), None)


async def measured(schema: str, database_url: str, data: Path, *more: Measure) -> None:
    engine = create_engine(database_url, schema, pool_size=1)
    await Measuring(schema, engine, no_lags, lambda: NOW + timedelta(hours=3), data, more).measure()
    await engine.dispose()


async def test_what_waits_and_what_last_went_well(world: World, database_url: str, tmp_path: Path) -> None:
    note_backup(tmp_path, NOW)
    await measured("notifier", database_url, tmp_path, measure_letters, measure_deliveries, measure_partners)
    assert number("notifier", 'star_letters_waiting{state="held"}') == 2
    assert number("notifier", 'star_letters_waiting{state="awaiting-release"}') == 0
    assert number("notifier", 'star_dead_letters_waiting{reason="unreadable",service="notifier"}') == 2
    assert (number("notifier", 'star_last_success_timestamp_seconds{service="notifier",what="letter"}') or 0) >= NOW.timestamp()
    assert number("notifier", 'star_last_success_timestamp_seconds{service="notifier",what="backup"}') == NOW.timestamp()
    # The letter of a second student is due an hour after its crossing, and no worker works.
    assert (number("notifier", 'star_work_due{kind="letter",service="notifier"}') or 0) >= 2
    assert (number("notifier", 'star_work_oldest_due_seconds{kind="letter",service="notifier"}') or 0) > 0
    assert (number("notifier", "star_crossing_to_letter_seconds_count") or 0) >= 2
    await measured("moe_sync", database_url, tmp_path, measure_uploads)
    assert number("moe_sync", 'star_dead_letters_waiting{reason="unreadable",service="moe_sync"}') == 2


async def test_subscriptions_behind_are_named_up_to_a_number(world: World, database_url: str) -> None:
    engine = create_engine(database_url, "notifier", pool_size=1)
    async with engine.begin() as connection:
        await connection.execute(text(EVENTS), {"now": NOW})
        own, other = [world.ids[school]["subscription_id"] for school in world.ids]
        for subscription, most in ((own, 3), (other, 1)):
            await connection.execute(text(WAITING), {"subscription": subscription, "most": most})
        assert await backlogs(connection, 20) == (2, {UUID(own): 3, UUID(other): 1})
        assert await backlogs(connection, 1) == (2, {UUID(own): 3})
        await measure_partners(connection, NOW)
    await engine.dispose()
    assert number("notifier", "star_subscriptions_behind") == 2
    assert number("notifier", f'star_subscription_backlog_events{{subscription="{own}"}}') == 3


async def test_what_is_settled_goes_to_zero(world: World, database_url: str, tmp_path: Path) -> None:
    await measured("ingest", database_url, tmp_path)
    assert number("ingest", 'star_dead_letters_waiting{reason="unreadable",service="ingest"}') == 2
    for school, ids in world.ids.items():
        await world.ask("ingest", "POST", f"/v1/dead-letters/{ids['letter_id']}/discard", school, json={"why": "a test"})
        break
    await measured("ingest", database_url, tmp_path)
    left = number("ingest", 'star_dead_letters_waiting{reason="unreadable",service="ingest"}')
    assert left is not None
    assert left < 2


async def test_a_lag_rises_while_the_consumer_is_dead(database_url: str, tmp_path: Path) -> None:
    bus = EmbeddedBus(database_url, partitions=1, publish_timeout=timedelta(seconds=5))
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    consumer = bus.consumer("thresholds.marks", ["star.marks.v1"])
    await publisher.publish([Outgoing("star.marks.v1", b"0999", b"{}")])
    await consumer.fetch(most=1, wait=timedelta(0))
    await consumer.commit({Partition("star.marks.v1", 0): 0})
    await consumer.stop()
    engine = create_engine(database_url, "thresholds", pool_size=1)
    measuring = Measuring("thresholds", engine, bus.lags, lambda: NOW, tmp_path)
    at = '{group="thresholds.marks",partition="0",topic="star.marks.v1"}'
    await measuring.measure()
    first = number("thresholds", f"star_consumer_lag_seconds{at}")
    assert number("thresholds", f"star_consumer_lag_records{at}") == 1
    await publisher.publish([Outgoing("star.marks.v1", b"0999", b"{}")])
    await measuring.measure()
    assert number("thresholds", f"star_consumer_lag_records{at}") == 2
    assert (number("thresholds", f"star_consumer_lag_seconds{at}") or 0) > (first or 0)
    for closing in (publisher.stop, bus.close, engine.dispose):
        await closing()


async def test_a_database_that_is_away_leaves_the_time_of_the_last_round(database_url: str, tmp_path: Path) -> None:
    await measured("ingest", database_url, tmp_path)
    engine = create_engine(AWAY, "ingest", pool_size=1)
    before = number("ingest", 'star_measures_timestamp_seconds{service="ingest"}')
    await Measuring("ingest", engine, no_lags, lambda: NOW, tmp_path).measure()
    assert before is not None
    assert number("ingest", 'star_measures_timestamp_seconds{service="ingest"}') == before
    await engine.dispose()


async def test_in_one_process_each_service_answers_its_own(world: World) -> None:
    async with httpx.AsyncClient() as http:
        pages = {service: (await http.get(f"{url}/metrics")).text for service, url in world.apis.urls.items()}
    assert {service for service, page in pages.items() if "\nstar_letters_waiting{" in page} == {"notifier"}
    for service, page in pages.items():
        requests = [line for line in page.splitlines() if line.startswith("star_request_seconds_count")]
        assert requests
        assert all(f'service="{service}"' in line for line in requests)
        assert f'star_database_pool_connections{{service="{service.replace("-", "_")}",state="most"}}' in page
