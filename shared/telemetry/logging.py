"""Structured logs: a stable event name with key=value. Keys, offsets and ids; never payloads, names or addresses."""

import logging
import sys
from typing import Literal

import structlog


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
        processors=[*shared, structlog.processors.format_exc_info, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            # The libraries' exceptions as text too: JSON would show the objects, the console every local variable, pupils' data with it.
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared, structlog.processors.format_exc_info],
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
