"""TERM in the middle of everything: each API and each worker ends in order within its bound, and what it had accepted is counted.

A part that hangs is killed after that bound by whoever supervises it, so a hang is a failure.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.chaos.checker import expected_totals
from tests.chaos.receiver import receiving
from tests.chaos.traffic import STUDENTS, Client, Log
from tests.e2e.school import School, eventually
from tests.support.processes import Process
from tests.support.stack import cluster_stack

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(2400)]


@contextmanager
def flowing(school: School, log: Path) -> Iterator[None]:
    """Marks, corrections, rosters, responses and uploads, sent again until they are taken."""
    stop = threading.Event()
    threads = Client(school, Log(log), stop, seed=16).threads()
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


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
            for process in stack.workers.values():
                assert process.stop() == 0, process.output.read_text()[-3000:]
                process.launch()
        for process in stack.workers.values():
            process.await_health()
        accepted, totals = expected_totals([log])
        assert accepted > 0
        eventually(school.totals, dict.fromkeys(STUDENTS, 0) | totals[school.number])
