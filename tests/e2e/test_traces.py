"""A trace shows the way from a school's post to the caregivers' letter, and nobody's name, number or address."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.e2e.school import School, eventually, eventually_holds
from tests.support.ports import free_port
from tests.support.stack import Stack, cluster_stack, embedded_stack

VENDORS = "4bf92f3577b34da6a3ce929d0e0e4736"
"""The trace of a student management system that traces, too."""


class Collector:
    """Takes spans as the OpenTelemetry protocol sends them over HTTP."""

    def __init__(self) -> None:
        self.port = free_port()
        self.spans: list[tuple[str, Span]] = []
        self.bytes = b""

    def take(self, body: bytes) -> None:
        self.bytes += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            (service,) = [attribute.value.string_value for attribute in resource.resource.attributes if attribute.key == "service.name"]
            self.spans += [(service, span) for scope in resource.scope_spans for span in scope.spans]

    def named(self, service: str, name: str) -> list[Span]:
        return [span for whose, span in list(self.spans) if (whose, span.name) == (service, name)]

    def of_trace(self, trace: str) -> set[tuple[str, str]]:
        return {(service, span.name) for service, span in list(self.spans) if span.trace_id.hex() == trace}


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()
            self.wfile.write(ExportTraceServiceResponse().SerializeToString())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", collector.port), Door)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector
    finally:
        server.shutdown()


WAY = {
    ("star-ingest", "POST /v1/schools/{school}/marks"),
    ("star-thresholds", "process thresholds.marks"),
    ("star-notifier", "process notifier.crossings"),
    ("star-notifier", "work letter"),
    ("star-notifier", "work delivery"),
}


@pytest.mark.parametrize("set_up", [embedded_stack, pytest.param(cluster_stack, marks=pytest.mark.kafka)])
def test_from_a_post_to_the_letter(set_up: Callable[[Path, dict[str, str]], AbstractContextManager[Stack]], tmp_path: Path) -> None:
    with collecting() as collector:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}", "OTEL_BSP_SCHEDULE_DELAY": "200"}
        with set_up(tmp_path, environment) as stack:
            school = School(stack, "0999")
            school.enrol(["12345"])
            school.auth |= {"traceparent": f"00-{VENDORS}-00f067aa0ba902b7-01"}
            school.absent("12345", 10)
            eventually(lambda: len(school.letters("12345")), 1)

            def the_whole_way() -> None:
                assert collector.of_trace(VENDORS) >= WAY

            eventually_holds(the_whole_way)
    (posted,) = collector.named("star-ingest", "POST /v1/schools/{school}/marks")
    assert {one.key: one.value.string_value or one.value.int_value for one in posted.attributes} == {
        "http.request.method": "POST",
        "http.route": "/v1/schools/{school}/marks",
        "http.response.status_code": 202,
    }
    for word in (b"Made12345", b"A Caregiver", b"example.test", b"12345", b"0999"):
        assert word not in collector.bytes
