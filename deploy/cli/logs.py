"""Where `star run` logs: to a file beside its data, so that a terminal shows what people should see."""

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final, Literal

from shared.telemetry.logging import configure_logging

FILE: Final = "star.log"
LARGEST: Final = 20 * 1024 * 1024
KEPT: Final = 3
CHOICE: Final = "STAR_LOG_FORMAT"


def log_of_run(data: Path, log_format: Literal["json", "console"]) -> Path | None:
    """Sends the log to a file in the data folder, as JSON lines, and only warnings and errors to standard error; answers the file.

    Who sets `STAR_LOG_FORMAT` wants all of it on standard error, in that format: then there is no file.
    """
    if CHOICE in os.environ:
        configure_logging(log_format)
        return None
    data.mkdir(parents=True, exist_ok=True)
    screen = _handler("console")
    screen.setLevel(logging.WARNING)
    file = RotatingFileHandler(data / FILE, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8")
    file.setFormatter(_handler("json").formatter)
    logging.getLogger().handlers[:] = [screen, file]
    return data / FILE


def _handler(log_format: Literal["json", "console"]) -> logging.Handler:
    configure_logging(log_format)
    [handler] = logging.getLogger().handlers
    return handler
