"""A relay whose host vanishes without a word: a standby takes over, and says meanwhile how old what waits is."""

import time
from pathlib import Path
from typing import Final

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.school import School, eventually
from tests.support.processes import Process
from tests.support.stack import ClusterStack, cluster, started

pytestmark = pytest.mark.kafka

WITHIN: Final = 15.0
"""Seconds from the freeze on: a lease of ten, and a standby's own pause."""


def oldest_seconds(worker: Process) -> float:
    """The age of the oldest message of the outbox, as a worker's metrics have it."""
    text = httpx.get(worker.health.replace("/healthz", "/metrics"), timeout=10).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return next(
        sample.value for sample in samples if sample.name == "star_outbox_oldest_seconds" and "thresholds" in sample.labels.values()
    )


def relay_of(stack: ClusterStack, workers: dict[str, Process]) -> str:
    """The name of the worker that holds the relay's lease."""
    holder = stack.sql("SELECT holder FROM thresholds.leases WHERE name = 'relay' AND until > now()")
    return next(name for name in workers if str(stack.instance(name)) == holder)


def test_a_standby_relays_within_fifteen_seconds(tmp_path: Path) -> None:
    with cluster(tmp_path) as stack:
        stack.migrate()
        workers = {name: stack.another_worker("thresholds", name) for name in ("one", "other")}
        services = [stack.apis["ingest"], stack.workers["ingest"], stack.apis["thresholds"]]
        with started(services), started(list(workers.values())):
            school = School(stack, "1000")
            school.enrol(["100"])
            school.absent("100", 10)
            eventually(lambda: len(school.records()), 1)
            eventually(lambda: stack.sql("SELECT count(*) FROM thresholds.outbox"), "0")
            leader = relay_of(stack, workers)
            standby = next(worker for name, worker in workers.items() if name != leader)

            workers[leader].freeze()
            frozen_at = time.monotonic()
            try:
                # What the API of another host says goes out by the outbox, too.
                response = {"activity": "conversation-with-whanau", "occurred_on": str(school.half_days[-1][0]), "staff": "A Dean"}
                path = f"/v1/star-records/{school.records()[0]['id']}/responses"
                assert school.request("POST", "thresholds", path, json=response).status_code == 201
                ages = []
                while stack.sql("SELECT count(*) FROM thresholds.outbox") != "0":
                    ages.append(oldest_seconds(standby))
                    assert time.monotonic() < frozen_at + WITHIN, f"nobody relayed; the standby saw {ages}"
                    time.sleep(0.2)
            finally:
                workers[leader].thaw()
            assert max(ages) > 3.0
            assert relay_of(stack, workers) != leader

            # The one that comes back finds that it leads no more, and says nothing twice.
            said = school.events()
            assert [event["type"].split(".")[2] for event in said] == ["threshold", "response"]
            school.absent("100", 1, first=10)
            eventually(lambda: school.total("100"), 11)
            assert school.events() == said
            assert workers[leader].running
