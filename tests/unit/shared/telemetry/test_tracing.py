"""Spans and their parents: one trace is gone on with, several are linked to; an error's text is not kept."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from shared.telemetry.opentelemetry import OpenTelemetryTracer
from shared.telemetry.tracing import span, trace_by, traceparent, traces

FIRST = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SAME_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01"
OTHER_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    end = trace_by(OpenTelemetryTracer(SimpleSpanProcessor(exporter)))
    yield exporter
    end()


def one(exporter: InMemorySpanExporter) -> ReadableSpan:
    (span,) = exporter.get_finished_spans()
    return span


def parents_of(span: ReadableSpan) -> tuple[str | None, set[str]]:
    """The parent's span id, and the trace ids of the links."""
    return f"{span.parent.span_id:016x}" if span.parent else None, {f"{link.context.trace_id:032x}" for link in span.links}


def test_nothing_is_traced_until_it_is_begun() -> None:
    assert not traces()
    with span("ingest", "POST", "server") as current:
        current.called("anything")
        assert traceparent() is None


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ([], (None, set())),
        ([FIRST], ("00f067aa0ba902b7", set())),
        ([FIRST, FIRST, SAME_TRACE], ("00f067aa0ba902b7", set())),
        ([None, FIRST, None], ("00f067aa0ba902b7", set())),
        ([FIRST, OTHER_TRACE], (None, {FIRST[3:35], OTHER_TRACE[3:35]})),
        # Anybody can send a header: without a trace that can be read it is a trace of its own.
        (["", "00-1-2-3", FIRST.upper(), FIRST + "\n", "'); DROP TABLE work; --", f"00-{'0' * 32}-{'0' * 16}-01"], (None, set())),
    ],
)
def test_parents(exporter: InMemorySpanExporter, parents: list[str | None], expected: tuple[str | None, set[str]]) -> None:
    with span("ingest", "work", "consumer", parents):
        pass
    assert parents_of(one(exporter)) == expected


def test_a_batch_of_several_traces_does_not_follow_the_span_around_it(exporter: InMemorySpanExporter) -> None:
    with span("ingest", "outer", "internal"), span("ingest", "inner", "consumer", [FIRST, OTHER_TRACE]):
        pass
    inner, _ = exporter.get_finished_spans()
    assert inner.parent is None


def test_the_next_one_goes_on_with_the_current_span(exporter: InMemorySpanExporter) -> None:
    with span("ingest", "POST", "server"):
        handed_on = traceparent()
    assert handed_on is not None
    with span("thresholds", "process", "consumer", [handed_on]):
        pass
    first, second = exporter.get_finished_spans()
    assert second.context.trace_id == first.context.trace_id
    assert (first.resource.attributes["service.name"], second.resource.attributes["service.name"]) == ("star-ingest", "star-thresholds")


def test_an_errors_text_is_not_kept(exporter: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Mere"), span("ingest", "POST", "server", http_request_method="POST"):
        raise ValueError("Mere Example of 12 Made-up Street")
    failed = one(exporter)
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "ValueError")
    assert dict(failed.attributes or {}) == {"http.request.method": "POST"}
    assert failed.events == ()
