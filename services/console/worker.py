"""The console's worker: sessions that are over, used links and failed sign-ins are forgotten."""

import asyncio
from datetime import timedelta
from typing import Final

from services.console.sessions import repository
from services.console.settings import SCHEMA, ConsoleSettings
from shared.clock import Clock, utc_now
from shared.db.engine import create_engine, ping
from shared.retention import Retention, Rule
from shared.supervisor import supervise
from shared.telemetry.progress import Progress

LINKS_KEPT: Final = timedelta(days=1)
"""Far longer than a link can be used at all."""

FAILURES_KEPT: Final = timedelta(hours=1)
"""Longer than they are counted."""


def kept() -> tuple[Rule, ...]:
    """How long this service keeps what."""
    return (
        Rule("sessions", timedelta(0), repository.forget_ended_before, tables=("sessions",)),
        Rule("used-links", LINKS_KEPT, repository.forget_links_before, tables=("used_links",)),
        Rule("failed-sign-ins", FAILURES_KEPT, repository.forget_failures_before, tables=("failed_sign_ins",)),
    )


async def run_worker(settings: ConsoleSettings, stop: asyncio.Event, *, progress: Progress | None = None, clock: Clock = utc_now) -> None:
    """Works until `stop` is set."""
    progress = progress or Progress()
    engine = create_engine(settings.database_url, SCHEMA, pool_size=1)
    retention = Retention(SCHEMA, engine, kept(), clock)
    beat = progress.loop(f"{SCHEMA}.retention")
    try:
        with progress.asking({f"{SCHEMA}.database": lambda: ping(engine)}):
            await supervise({"retention": lambda stop: retention.run(stop, beat)}, stop)
    finally:
        await engine.dispose()
