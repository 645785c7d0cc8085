"""Traces are begun where OpenTelemetry's own variables name a collector."""

import atexit
import os
from typing import Final

import click

NAMED_BY: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def begin_traces() -> None:
    """Sends this process's traces to the collector that the environment names. Raises ClickException if the extra is not installed."""
    if not any(os.environ.get(name) for name in NAMED_BY) or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return
    try:
        from shared.telemetry.opentelemetry import begin  # noqa: PLC0415 - an extra that most do not install
    except ImportError as error:
        raise click.ClickException(
            "traces need the extra: pip install 'star-engine[otel]', or unset OTEL_EXPORTER_OTLP_ENDPOINT"
        ) from error
    atexit.register(begin())
