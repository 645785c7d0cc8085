"""Traces by OpenTelemetry, which the extra `otel` brings."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.telemetry.tracing import HEADER, Kind, Span, trace_by
from shared.version import VERSION

_KINDS: Final[Mapping[Kind, SpanKind]] = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "consumer": SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
}
_propagator: Final = TraceContextTextMapPropagator()


def begin() -> Callable[[], None]:
    """Begins traces to the collector that OpenTelemetry's own variables name; answers how to end them."""
    return trace_by(OpenTelemetryTracer(BatchSpanProcessor(OTLPSpanExporter())))


class OpenTelemetryTracer:
    """Names each service of the process by itself, so that a trace shows the way from one to the next also in one process."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._processor = processor
        self._tracers: dict[str, trace.Tracer] = {}

    @contextmanager
    def span(self, service: str, name: str, kind: Kind, parents: Collection[str], attributes: Mapping[str, str | int]) -> Iterator[Span]:
        """See `Tracer`. The span follows the first of several parents of one trace."""
        contexts = [_propagator.extract({HEADER: parent}) for parent in parents]
        spans = [trace.get_current_span(context).get_span_context() for context in contexts]
        one = len({context.trace_id for context in spans}) == 1
        with self._of(service).start_as_current_span(
            name,
            # Without parents it follows the current span; of several traces it follows none, and links to all.
            context=None if not contexts else contexts[0] if one else trace.set_span_in_context(trace.INVALID_SPAN),
            kind=_KINDS[kind],
            attributes=dict(attributes),
            links=[] if one else [Link(context) for context in spans],
            # An error's text can hold data.
            record_exception=False,
            set_status_on_exception=False,
        ) as current:
            try:
                yield _Current(current)
            except BaseException as error:
                current.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def traceparent(self) -> str | None:
        """See `Tracer`."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get(HEADER)

    def close(self) -> None:
        """See `Tracer`."""
        self._processor.shutdown()

    def _of(self, service: str) -> trace.Tracer:
        tracer = self._tracers.get(service)
        if tracer is None:
            resource = Resource.create({SERVICE_NAME: f"star-{service}", SERVICE_VERSION: VERSION})
            provider = TracerProvider(resource=resource, shutdown_on_exit=False)
            provider.add_span_processor(self._processor)
            tracer = self._tracers[service] = provider.get_tracer("star", VERSION)
        return tracer


class _Current:
    def __init__(self, current: trace.Span) -> None:
        self._current = current

    def called(self, name: str) -> None:
        self._current.update_name(name)

    def note(self, name: str, value: str | int) -> None:
        self._current.set_attribute(name, value)

    def failed(self, why: str) -> None:
        self._current.set_status(Status(StatusCode.ERROR, why))
