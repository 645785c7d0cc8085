"""Where `star run` logs: a file for all of it, the terminal for what somebody has to see."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cli.logs import FILE, log_of_run


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_the_file_gets_all_and_the_screen_what_matters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    assert log_of_run(data, "json", chosen=False) == data / FILE
    logging.getLogger("x").info("all is well")
    logging.getLogger("x").warning("look here")

    lines = [json.loads(line) for line in (data / FILE).read_text().splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [("all is well", "info"), ("look here", "warning")]
    said = capsys.readouterr()
    assert said.out == ""
    assert "look here" in said.err
    assert "all is well" not in said.err


def test_who_chooses_a_format_gets_the_log_on_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert log_of_run(tmp_path, "json", chosen=True) is None
    logging.getLogger("x").info("all is well")
    assert json.loads(capsys.readouterr().err)["event"] == "all is well"
    assert list(tmp_path.iterdir()) == []
