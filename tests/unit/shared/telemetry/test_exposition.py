"""Each service's /metrics answers its own, in a form that Prometheus' checker takes."""

import re
import shutil
import subprocess

import pytest
from prometheus_client import REGISTRY

from shared.telemetry import metrics
from shared.telemetry.exposition import metrics_of

SCHEMAS = ("ingest", "thresholds", "notifier", "moe_sync", "console")


@pytest.fixture(autouse=True)
def traffic() -> None:
    """Numbers of several services, as in one process."""
    metrics.MARKS.labels("rest", "accepted").inc(3)
    metrics.LAG_RECORDS.labels("thresholds.marks", "star.marks.v1", 0).set(7)
    metrics.LAG_RECORDS.labels("notifier.crossings", "star.crossings.v1", 0).set(2)
    metrics.REQUEST_SECONDS.labels("moe-sync", "GET", "/v1/uploads/{upload}", 200).observe(0.1)
    metrics.OUTBOX_PENDING.labels("moe_sync").set(1)
    metrics.LOOP_RESTARTS.labels("moe-sync")


def lines_of(schema: str) -> list[str]:
    return [line for line in metrics_of(schema).decode().splitlines() if not line.startswith("#")]


def test_a_service_answers_its_own() -> None:
    assert any(line.startswith("star_marks_total{") for line in lines_of("ingest"))
    assert [schema for schema in SCHEMAS if any(line.startswith("star_marks_total{") for line in lines_of(schema))] == ["ingest"]
    lags = {schema: [line for line in lines_of(schema) if line.startswith("star_consumer_lag_records")] for schema in SCHEMAS}
    for schema, group in (("thresholds", "thresholds.marks"), ("notifier", "notifier.crossings")):
        assert [found for found, lines in lags.items() if any(f'group="{group}"' in line for line in lines)] == [schema]
    own = lines_of("moe_sync")
    for begin in (
        'star_request_seconds_count{method="GET",route="/v1/uploads/{upload}"',
        'star_outbox_pending{service="moe_sync"}',
        'star_loop_restarts_total{loop="moe-sync"}',
    ):
        assert any(line.startswith(begin) for line in own), begin


def test_no_service_answers_for_another() -> None:
    # Other tests of this process may have left numbers of their own: a line says whose it is by its label.
    named = {
        schema: {found for line in lines_of(schema) for found in re.findall(r'\b(?:service|loop|group)="([a-z_-]+)', line)}
        for schema in SCHEMAS
    }
    assert named["moe_sync"]
    assert {schema: names for schema, names in named.items() if {name.replace("-", "_") for name in names} - {schema}} == {}


def test_every_service_has_the_process_and_the_version() -> None:
    for schema in SCHEMAS:
        names = {line.split("{")[0].split(" ")[0] for line in lines_of(schema)}
        assert {"star_build_info", "process_resident_memory_bytes", "process_cpu_seconds_total"} <= names


def test_every_metric_without_a_label_that_says_whose_it_is_has_an_owner_or_is_of_the_process() -> None:
    of_the_process = {"star_build"}
    for family in REGISTRY.collect():
        if family.name.startswith("star_") and family.samples and family.name not in of_the_process | metrics.OWNERS.keys():
            assert {"service", "group", "loop"} & set(family.samples[0].labels), family.name


def test_nothing_says_when_it_began() -> None:
    assert [line for schema in SCHEMAS for line in lines_of(schema) if "_created" in line.split("{")[0]] == []


def test_promtool_takes_what_is_said() -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("THE METRICS ARE NOT TRIED: there is no promtool (apt-get install prometheus)")
    for schema in SCHEMAS:
        # Python's own counter of collected objects is not ours to rename.
        text = b"".join(line for line in metrics_of(schema).splitlines(keepends=True) if b"python_gc" not in line)
        done = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, b""), schema
