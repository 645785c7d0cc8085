"""TERM in the middle of everything: each API and each worker ends in order within its bound, and what it had accepted is counted.

A part that hangs is killed after that bound by whoever supervises it, so a hang is a failure.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import httpx
import pytest

from services.console.identity.links import sign_link
from tests.chaos.checker import expected_totals
from tests.chaos.receiver import receiving
from tests.chaos.traffic import STUDENTS, flowing
from tests.e2e.school import School, eventually
from tests.support.processes import Process
from tests.support.stack import cluster_stack, started

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(2400)]


@contextmanager
def half_a_request(school: School, process: Process) -> Iterator[None]:
    """A client that has sent half of its request, and says nothing more; another that asked for events, and waits for them."""
    url = httpx.URL(process.health)
    head = f"POST /v1/schools/{school.number}/marks HTTP/1.1\r\nHost: {url.host}\r\nAuthorization: {school.auth['Authorization']}\r\n"
    with socket.create_connection((url.host, url.port)) as connection:
        connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{".encode())
        waiting = threading.Thread(target=_wait_for_events, args=(school, process), daemon=True)
        waiting.start()
        yield
    waiting.join()


def _wait_for_events(school: School, process: Process) -> None:
    try:
        params = {"wait": 30, "limit": 1, "after": school.get("thresholds", "/v1/events", limit=1000)["next"]}
        httpx.get(process.health.replace("/healthz", "/v1/events"), params=params, headers=school.auth, timeout=60)
    except (httpx.HTTPError, KeyError):
        return


@contextmanager
def browsing(school: School, console: Process) -> Iterator[list[int]]:
    """Somebody who goes from page to page; answers the status of each, as it comes. A page that the console's end cut off has none."""
    stop, seen = threading.Event(), list[int]()
    base = console.health.removesuffix("/healthz")
    with httpx.Client(base_url=f"{base}/console/{school.number}/", timeout=60) as http:
        link = sign_link(school.stack.data, "principal", [school.number], [], datetime.now(UTC))
        http.get(f"{base}/console/link/{link}")

        def browse() -> None:
            for page in cycle(("today", "students", "records", "letters")):
                if stop.is_set():
                    return
                with suppress(httpx.HTTPError):
                    seen.append(http.get(page).status_code)

        browsers = [threading.Thread(target=browse, daemon=True) for _ in range(2)]
        for browser in browsers:
            browser.start()
        try:
            yield seen
        finally:
            stop.set()
            for browser in browsers:
                browser.join()


def test_term_under_load_ends_each_part_in_order_within_its_bound(tmp_path: Path) -> None:
    with cluster_stack(tmp_path) as stack, receiving() as receiver:
        school = School(stack, "1000")
        school.enrol(STUDENTS)
        partner = {"url": receiver.url, "schools": [school.number], "events": ["nz.star.threshold.crossed.v1"]}
        school.request("POST", "notifier", "/v1/subscriptions", json=partner).raise_for_status()
        log = tmp_path / "client.jsonl"
        # Each webhook takes 20 seconds: a worker that is told to stop is in the middle of one.
        receiver.temper = "hangs"
        with flowing(school, log):
            eventually(lambda: len(school.crossings()) > 0, True)
            for process in stack.apis.values():
                with half_a_request(school, process):
                    assert process.stop() == 0, process.output.read_text()[-3000:]
                process.start()
            console = stack.console()
            with started([console]), browsing(school, console) as seen:
                eventually(lambda: len(seen) > 10 and set(seen) == {200}, True)
                assert console.stop() == 0, console.output.read_text()[-3000:]
            for process in stack.workers.values():
                assert process.stop() == 0, process.output.read_text()[-3000:]
                process.launch()
        for process in stack.workers.values():
            process.await_health()
        accepted, totals = expected_totals([log])
        assert accepted > 0
        eventually(school.totals, dict.fromkeys(STUDENTS, 0) | totals[school.number])
