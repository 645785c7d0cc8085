"""Errors in the log: where and of what kind, and none of the data that libraries quote in their messages."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from shared.events.envelope import PoisonMessageError
from shared.telemetry.logging import configure_logging

SECRET = "Jane Doe"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(logging.getLogger("uvicorn.access"), "disabled", False)
    configure_logging()
    yield stream
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def fail() -> None:
    try:
        int(SECRET)
    except ValueError as error:
        raise KeyError(SECRET) from error


@pytest.mark.parametrize("library", [False, True], ids=["ours", "a library's"])
def test_a_stack_is_logged_without_what_the_error_quotes(written: io.StringIO, library: bool) -> None:
    try:
        fail()
    except KeyError:
        if library:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
        else:
            structlog.get_logger().exception("batch.failed", group="thresholds.marks")

    [line] = written.getvalue().splitlines()
    assert SECRET not in line
    entry = json.loads(line)
    assert entry["level"] == "error"
    assert "builtins.ValueError" in entry["exception"]
    assert "builtins.KeyError" in entry["exception"]
    assert "in fail" in entry["exception"]


def test_our_own_errors_say_what_they_have_to_say(written: io.StringIO) -> None:
    structlog.get_logger().error("request.failed", exc_info=PoisonMessageError("bad-data", "at `$.marks[0]`"))
    assert "PoisonMessageError: bad-data: at `$.marks[0]`" in json.loads(written.getvalue())["exception"]


def test_access_logs_are_off(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info("GET /v1/schools/0999/students/%s", SECRET)
    assert written.getvalue() == ""
