"""The worklist alone: what a claim costs, however many items wait."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import text

from shared.clock import utc_now
from shared.db.engine import create_owner_engine
from shared.worklist import repository as worklist
from shared.worklist.repository import Claimant
from tests.bench.outgoing.machine import Machine, running_machine
from tests.bench.results import Results

SIZES: Final = (10, 1_000, 100_000, 1_000_000)
CLAIMS: Final = 200
PLACES: Final = 8
LEASE: Final = timedelta(minutes=1)
AT_ONCE: Final = 50_000

_FILL: Final = """
    INSERT INTO work (id, kind, due_at, created_at, put_at, share)
    SELECT gen_random_uuid(), 'delivery', now() - n * interval '1 ms', now(), now(), n % 32
    FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS n
"""


async def measure(folder: Path, results: Results, most: int) -> None:
    """Claims eight deliveries of a thousand schools, and puts them back, at each size up to `most`."""
    results.heading("The worklist: one claim, by how much waits")
    with running_machine(folder) as machine:
        engine = machine.engine("notifier")
        there = 0
        for size in (size for size in SIZES if size <= most):
            for first in range(there, size, AT_ONCE):
                async with engine.begin() as connection:
                    await connection.execute(text(_FILL), {"first": first + 1, "last": min(first + AT_ONCE, size)})
            there = size
            await _analyze(machine)
            times = []
            for _ in range(CLAIMS):
                async with engine.connect() as connection:
                    began = time.perf_counter()
                    items = await worklist.claim(connection, [Claimant("delivery", LEASE)], most=PLACES, now=utc_now())
                    times.append(time.perf_counter() - began)
                    await connection.rollback()
                assert len(items) == PLACES
            results.add(f"claim, {size:,} waiting, p50", sorted(times)[len(times) // 2] * 1e3, "ms")
        await engine.dispose()


async def _analyze(machine: Machine) -> None:
    """As autovacuum does after so many new rows."""
    owner = create_owner_engine(machine.url)
    async with owner.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE notifier.work"))
    await owner.dispose()
