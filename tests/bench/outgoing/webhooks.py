"""Webhooks to fifty subscriptions, whatever waits, by one worker and by two."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx

from deploy.kafka.probe import free_port
from services.notifier.partners.handler import PartnerEventsHandler
from shared.clock import utc_now
from shared.deadletters.box import DeadLetterBox
from tests.bench.outgoing.country import crossing, message
from tests.bench.outgoing.machine import Machine, running_machine, show_cost
from tests.bench.results import Results
from tests.support.applied import Applied
from tests.support.processes import run_star

SUBSCRIPTIONS: Final = 50
MEASURED: Final = 4_000
"""Webhooks by which a rate is measured: half a minute at the rate of before."""
AT_ONCE: Final = 200
PATIENCE: Final = 600.0


async def measure(folder: Path, results: Results, waiting: int, workers: int) -> float:
    """Sends some of so many webhooks that wait; answers how many a second."""
    name = f"{waiting:,} webhooks waiting, {workers} worker{'s' * (workers > 1)}"
    results.heading(f"Webhooks: {name}")
    with running_machine(folder, STAR_WEBHOOK_ALLOW="127.0.0.0/8") as machine:
        journal, port = folder / "journal", free_port()
        journal.touch()
        machine.helper("receiver", ["tests.bench.outgoing.receiver", "--port", str(port), "--journal", str(journal)])
        await subscribe(machine, port)
        engine = machine.engine("notifier")
        handler = Applied(engine, PartnerEventsHandler(DeadLetterBox("notifier"), utc_now, kept=timedelta(days=90)))
        events = waiting // SUBSCRIPTIONS
        began = time.perf_counter()
        for first in range(0, events, AT_ONCE):
            await handler([message(crossing(number, 50).encode()) for number in range(first, min(first + AT_ONCE, events))])
        results.add(f"{name}: fan-out", waiting / (time.perf_counter() - began), "/s")
        before = await machine.account(engine)
        for worker in range(workers):
            machine.start(f"worker {worker + 1}", "work", "notifier", STAR_SMTP_URL="smtp://127.0.0.1:9")
        sent = await arrived(journal, min(MEASURED, waiting))
        cost = (await machine.account(engine)).since(before)
        machine.stop()
        lines = [line.split() for line in journal.read_text().splitlines()]
        assert len({(path, event) for _, path, event in lines}) == len(lines), "a webhook went twice"
        rate = sent / (float(lines[sent - 1][0]) - float(lines[0][0]))
        results.add(f"{name}: sent", rate, "/s")
        show_cost(results, name, cost, sent, "webhook")
        await engine.dispose()
        return rate


async def subscribe(machine: Machine, port: int) -> None:
    """Fifty subscriptions to all crossings."""
    api = machine.start("api", "serve", "notifier", STAR_SMTP_URL="smtp://127.0.0.1:9")
    issue = ["token", "issue", "--data", machine.environment["STAR_DATA"], "--subject", "bench"]
    token = run_star([*issue, "--scopes", "events:subscribe", "--schools", "*"], {})
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as http:
        for number in range(SUBSCRIPTIONS):
            body = {
                "url": f"http://127.0.0.1:{port}/{number}",
                "schools": [f"{1000 + school}" for school in range(50)],
                "events": ["nz.star.threshold.crossed.v1"],
            }
            (await http.post(f"http://127.0.0.1:{api}/v1/subscriptions", json=body)).raise_for_status()
    machine.parts.pop("api").stop()


async def arrived(journal: Path, webhooks: int) -> int:
    """Waits until so many are there; answers how many are."""
    deadline = time.monotonic() + PATIENCE
    while (found := journal.read_text().count("\n")) < webhooks:
        assert time.monotonic() < deadline, f"{found} of {webhooks} webhooks arrived"
        await asyncio.sleep(0.1)
    return found
