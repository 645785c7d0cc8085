"""Errors in the log: where and of what kind, and none of the data that libraries quote in their messages."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from shared.events.envelope import PoisonMessageError
from shared.telemetry.logging import configure_logging
from shared.telemetry.repeats import Once

SECRET = "Jane Doe"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, configured = (root.handlers[:], root.level), structlog.get_config()
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(logging.getLogger("uvicorn.access"), "disabled", False)
    configure_logging()
    yield stream
    root.handlers[:], root.level = before
    structlog.configure(**configured)


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


def test_a_stream_that_takes_no_lines_stops_nobody(written: io.StringIO) -> None:
    written.close()
    structlog.get_logger().info("request.answered", status=202)


def test_a_line_of_ours_is_json_with_its_level_and_time(written: io.StringIO) -> None:
    structlog.get_logger().info("request.answered", status=202)
    entry = json.loads(written.getvalue())
    assert (entry["event"], entry["level"], entry["status"]) == ("request.answered", "info", 202)
    assert entry["timestamp"].endswith("Z")


def test_access_logs_are_off(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info("GET /v1/schools/0999/students/%s", SECRET)
    assert written.getvalue() == ""


def test_a_client_whose_broker_is_away_says_so_once_in_a_while(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    once = Once(lambda: now)
    monkeypatch.setattr(logging.getLogger("aiokafka"), "handlers", [once])
    for second in range(90):
        now = float(second)
        for node in range(100):
            logging.getLogger("aiokafka").error("Unable connect to node with id %s: %s", node, "refused")
        logging.getLogger("aiokafka.consumer.fetcher").warning("Failed fetch messages from %s", second)

    lines = [json.loads(line)["event"] for line in written.getvalue().splitlines()]
    assert lines == [
        "Unable connect to node with id 0: refused",
        "Failed fetch messages from 0",
        "Unable connect to node with id 0: refused (and 5999 more like it)",
        "Failed fetch messages from 60 (and 59 more like it)",
    ]
