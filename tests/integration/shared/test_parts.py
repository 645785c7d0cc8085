"""Processes announce themselves, and any API of a service answers for all of them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.thresholds.app import create_app
from services.thresholds.settings import ThresholdsSettings
from shared.db.engine import create_engine
from shared.parts.announcing import Announcer, announcing
from shared.telemetry.operation_times import OperationTimes
from shared.telemetry.progress import Progress
from shared.worker import worker_parts
from tests.support.polling import eventually
from tests.support.servers import serving
from tests.support.tokens import bearer, local_token


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> ThresholdsSettings:
    return ThresholdsSettings(data=tmp_path, database_url=database_url)


@pytest.fixture
async def ops(settings: ThresholdsSettings) -> AsyncIterator[httpx.AsyncClient]:
    headers = bearer(local_token(settings.data, ["ops"], ["*"]))
    async with serving(create_app(settings)) as url, httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as http:
        yield http


async def read(ops: httpx.AsyncClient, path: str) -> Any:
    answer = await ops.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def kinds(ops: httpx.AsyncClient) -> list[tuple[str, bool, bool]]:
    return [(part["kind"], part["live"], part["ready"]) for part in (await read(ops, "/v1/parts"))["items"]]


async def test_an_api_and_its_workers_are_listed_while_they_run(ops: httpx.AsyncClient, settings: ThresholdsSettings) -> None:
    await eventually(lambda: kinds(ops), [("api", True, True)])
    async with worker_parts("thresholds", settings, Progress()) as parts:
        lease = parts.lease("relay")
        assert await lease.keep()
        await eventually(lambda: kinds(ops), [("api", True, True), ("worker", True, True)])
    assert await kinds(ops) == [("api", True, True)]


async def test_what_a_worker_leads_lacks_and_is_stuck_in(ops: httpx.AsyncClient, settings: ThresholdsSettings) -> None:
    engine = create_engine(settings.database_url, "thresholds", pool_size=2)

    async def away() -> None:
        raise ConnectionError

    async with worker_parts("thresholds", settings, Progress()) as parts:
        lease = parts.lease("relay")
        assert await lease.keep()
        checks = {"thresholds.bus": away, "notifier.bus": away}
        announcer = Announcer(engine, "worker", Progress(), checks, prefix="thresholds.", leases=[lease], lags=parts.bus.lags)
        await announcer.announce()
        (shown,) = [part for part in (await read(ops, "/v1/parts"))["items"] if part["id"] == str(announcer.id)]
        assert (shown["live"], shown["ready"], shown["missing"], shown["leads"]) == (True, False, ["thresholds.bus"], ["relay"])
        await lease.give_up()
    await engine.dispose()


async def test_who_is_silent_is_not_live_and_then_gone(ops: httpx.AsyncClient, settings: ThresholdsSettings) -> None:
    engine = create_engine(settings.database_url, "thresholds", pool_size=2)
    first = Announcer(engine, "worker", Progress(), {})
    await first.announce()

    async def silent_for(time: timedelta) -> None:
        async with engine.begin() as connection:
            await connection.execute(
                text("UPDATE parts SET refreshed = clock_timestamp() - CAST(:time AS interval) WHERE id = :id"),
                {"time": time, "id": first.id},
            )

    await silent_for(timedelta(minutes=1))
    assert [live for kind, live, _ in await kinds(ops) if kind == "worker"] == [False]
    await silent_for(timedelta(minutes=11))
    assert [live for kind, live, _ in await kinds(ops) if kind == "worker"] == []
    await Announcer(engine, "worker", Progress(), {}).announce()
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM parts WHERE id = :id"), {"id": first.id})).scalar_one() == 0
    await engine.dispose()


async def test_operations_of_all_processes_add_up(ops: httpx.AsyncClient, settings: ThresholdsSettings) -> None:
    engine = create_engine(settings.database_url, "thresholds", pool_size=2)
    for status in (200, 500):
        times = OperationTimes()
        times.note("GET", "/v1/schools/{school}/students", status, 0.1)
        await Announcer(engine, "api", Progress(), {}, times=times).announce()
    page = await read(ops, "/v1/operations")
    by_path = {(item["method"], item["path"]): item for item in page["items"]}
    listed = by_path["GET", "/v1/schools/{school}/students"]
    assert (listed["requests"], listed["errors"], listed["p50"], listed["summary"]) == (2, 0.5, 107.6, "List a school's students")
    assert by_path["GET", "/v1/transfer-keys"]["p50"] is None
    assert len(page["minutes"]) == 60
    await engine.dispose()


async def test_how_far_a_service_is_behind(ops: httpx.AsyncClient, settings: ThresholdsSettings) -> None:
    engine = create_engine(settings.database_url, "thresholds", pool_size=2)
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO outbox (topic, key, value, headers) VALUES ('star.crossings.v1', 'k', 'v', '{}')"))
        await connection.execute(
            text(
                """
                INSERT INTO work (id, kind, due_at, state, last_error, created_at) VALUES
                    (gen_random_uuid(), 'recalculation', now() - interval '90 seconds', 'waiting', 'the database was away', now()),
                    (gen_random_uuid(), 'recalculation', now() + interval '1 hour', 'waiting', NULL, now())
                """
            )
        )
    backlog = await read(ops, "/v1/backlog")
    assert (backlog["outbox"]["waiting"], backlog["outbox"]["refused"], backlog["dead_letters"]) == (1, 0, [])
    (work,) = backlog["work"]
    assert (work["kind"], work["waiting"], work["due"], work["failed"], work["last_error"]) == (
        "recalculation",
        2,
        1,
        0,
        "the database was away",
    )
    assert 89 <= work["seconds"] <= 120
    await engine.dispose()


async def test_a_database_that_is_away_costs_nothing_but_the_news(settings: ThresholdsSettings) -> None:
    engine = create_engine("postgresql://127.0.0.1:9/star", "thresholds", pool_size=1)
    async with announcing(Announcer(engine, "api", Progress(), {})):
        await asyncio.sleep(0.1)
    await engine.dispose()
