"""Structured logs: a stable event name with key=value. Keys, offsets and ids; never payloads, names or addresses."""

import logging
import sys
import traceback
from contextlib import suppress
from typing import Final, Literal, TextIO, cast

import structlog

from shared.telemetry.repeats import say_once

OURS: Final = ("shared.", "services.", "deploy.")
"""Modules whose errors' messages are known to hold no data."""

LONGEST_CHAIN: Final = 10


def configure_logging(log_format: Literal["json", "console"] = "json", level: int = logging.INFO) -> None:
    """Sends structlog's and the libraries' records to standard error, one line each. Called once, at the entry point."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, _stacks, renderer],
        # Past the standard library's logging, which would cost a request's line more than all its making.
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Forgiving(sys.stderr))),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            # The libraries' exceptions as text too: JSON would show the objects, the console every local variable, pupils' data with it.
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared, _stacks],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # The paths in access logs name students; requests are counted in the metrics, by route.
    logging.getLogger("uvicorn.access").disabled = True
    for noisy in ("aiokafka", "httpx", "httpcore", "alembic", "mail.log", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    say_once("aiokafka")


class _Forgiving:
    """A stream of lines that nobody's work depends on: a full disk, or a reader that is gone, costs the line alone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def stack_of(exc_info: structlog.typing.ExcInfo) -> str:
    """Where an error was raised and what caused it, without the libraries' messages: those quote rows, addresses and values."""
    link: BaseException | None = exc_info[1]
    parts: list[str] = []
    while link is not None and len(parts) < LONGEST_CHAIN:
        parts.append("".join(traceback.format_tb(link.__traceback__)) + _named(link))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\n\nwhich led to:\n\n".join(reversed(parts))


def _named(error: BaseException) -> str:
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if kind.__module__.startswith(OURS):
        return f"{name}: {error}"
    sqlstate = getattr(error, "sqlstate", None)
    return f"{name} ({sqlstate})" if sqlstate else name


_stacks: Final = structlog.processors.ExceptionRenderer(stack_of)
