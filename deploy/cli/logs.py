"""Where `star run` logs: to a file beside its data, so that a terminal shows what people should see."""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final, Literal

import structlog
from structlog.typing import EventDict, WrappedLogger

from shared.telemetry.logging import configure_logging

FILE: Final = "star.log"
LARGEST: Final = 20 * 1024 * 1024
KEPT: Final = 3


def log_of_run(data: Path, log_format: Literal["json", "console"], *, chosen: bool) -> Path | None:
    """Sends the log to a file in the data folder, as JSON lines, and only warnings and errors to standard error; answers the file.

    Where an operator has `chosen` the format, all of it goes to standard error, in that format: then there is no file.
    """
    configure_logging(log_format)
    if chosen:
        return None
    data.mkdir(parents=True, exist_ok=True)
    root = logging.getLogger()
    [screen] = root.handlers
    file = RotatingFileHandler(data / FILE, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8")
    file.setFormatter(screen.formatter)
    screen.setLevel(logging.WARNING)
    screen.setFormatter(_for_people())
    root.addHandler(file)
    return data / FILE


def _for_people() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_log_level],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _in_short,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0, pad_level=False),
        ],
    )


def _in_short(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """One line: where an error came from is in the file."""
    for name in ("exc_info", "exception", "stack_info", "timestamp"):
        event.pop(name, None)
    return {**event, "event": str(event.get("event", "")).partition("\n")[0]}
