"""The receiver that the documentation prints believes nobody but us."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from standardwebhooks.webhooks import Webhook

from services.notifier.partners.signatures import new_secret, signed_headers
from shared.clock import utc_now
from shared.waiting import wait_until_set
from tests.integration.notifier.partners.conftest import PLAN, Office
from tests.support.crossings import up
from tests.support.pages import code_blocks
from tests.support.ports import free_port

PATIENCE = 30.0


@asynccontextmanager
async def printed_receiver(folder: Path, secret: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """The page's receiver under way, and its address."""
    (code,) = code_blocks("how-to/subscribe-to-events.md", "python")
    path = folder / "receiver.py"
    path.write_text(code)
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(path)),
        env={"STAR_WEBHOOK_SECRET": secret, "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}/star"
    try:
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient() as http:
            while True:
                try:
                    # A stranger's request, which it refuses once it listens.
                    assert (await http.post(url, content=b"{}")).status_code == 401
                    break
                except httpx.ConnectError:
                    await wait_until_set(asyncio.Event(), 0.05)
        yield url, process
    finally:
        process.terminate()
        await process.wait()


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        return (await process.stdout.readline()).decode().strip()


async def test_it_takes_our_webhooks_and_prints_each_event_once(office: Office, tmp_path: Path) -> None:
    office.clock.now = utc_now()
    made = await office.subscribe("http://127.0.0.1:9/star")
    async with printed_receiver(tmp_path, made["secret"]) as (url, process):
        await office.call("PATCH", f"/{made['id']}", json={"url": url})
        await office.say(up(5, 11, to="yellow", said_at=office.now))
        await office.work()
        await office.call("POST", f"/{made['id']}/replay", status=202, json={"from": "2026-01-01T00:00:00Z"})
        await office.work()
        await office.call("POST", f"/{made['id']}/rotate")
        await office.say(up(10, 21, to="orange", said_at=office.now))
        await office.work()
        assert await line_of(process) == "nz.star.threshold.crossed.v1 0999 12345 5.5 days"
        # It came twice, and the next line is of the next event, signed by a new secret beside the one that the receiver knows.
        assert await line_of(process) == "nz.star.threshold.crossed.v1 0999 12345 10.5 days"
    assert [attempt[2] for attempt in await office.attempts(made)] == [204, 204, 204]


async def test_it_refuses_whatever_we_did_not_sign_just_now(tmp_path: Path) -> None:
    secret, body, now = new_secret(), b'{"id": "1"}', int(time.time())
    good = signed_headers([secret], "1", now, body)
    other = signed_headers([new_secret()], "1", now, body)
    old = signed_headers([secret], "1", now - 3_600, body)
    by_the_library = {
        "webhook-id": "1",
        "webhook-timestamp": str(now),
        "webhook-signature": Webhook(new_secret()).sign("1", datetime.fromtimestamp(now, UTC), body.decode()),
    }
    async with printed_receiver(tmp_path, secret) as (url, _), httpx.AsyncClient() as http:
        for headers, content in (
            ({}, body),
            (other, body),
            (old, body),
            (by_the_library, body),
            (good, b'{"id": "2"}'),
            (good | {"webhook-id": "2"}, body),
            (good | {"webhook-timestamp": str(now + 1)}, body),
            (good | {"webhook-timestamp": "soon"}, body),
            (good | {"webhook-signature": ""}, body),
        ):
            assert (await http.post(url, headers=headers, content=content)).status_code == 401
        # A sign that no signature has is no fault of the receiver's.
        strange = httpx.Headers(good | {"webhook-signature": "v1,\u00e9"}, encoding="latin-1")
        assert (await http.post(url, headers=strange, content=body)).status_code == 401


def test_the_page_subscribes_to_what_its_receiver_understands() -> None:
    """It prints a student's days, and a plan has none."""
    subscribe = next(block for block in code_blocks("how-to/subscribe-to-events.md", "sh") if "/subscriptions" in block)
    assert PLAN not in subscribe
