"""The commands, endpoints, log lines and metrics that a runbook names are there, under its four headings."""

import re
import shlex
from functools import cache
from pathlib import Path

import click
import pytest
from click import Context

from deploy.cli.main import main
from deploy.reference.logs import found
from deploy.reference.metrics import series
from tests.support.documents import documents, operations

ROOT = Path(__file__).parents[3]
PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
SERVICES = {"thresholds", "notifier", "moe_sync", "ingest"}
FILLED = {"ID...": "ID", "TEXT": "why", "DIR": "/tmp", "NAME": "name"}


def commands(page: Path) -> list[list[str]]:
    found = re.findall(r"`star ([^`]+)`", page.read_text(encoding="utf-8"))
    return [[FILLED.get(word, word) for word in shlex.split(text)] for text in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_is_one_and_takes_these_words(page: Path) -> None:
    for words in commands(page):
        command: click.Command = main
        context = Context(main)
        rest = words
        while isinstance(command, click.Group) and rest:
            found = command.get_command(context, rest[0])
            assert found is not None, words
            command, rest = found, rest[1:]
        options = {name for parameter in command.params for name in parameter.opts}
        assert [word for word in rest if word.startswith("--") and word not in options] == [], words


def test_the_runbooks_name_commands() -> None:
    assert sum(len(commands(page)) for page in PAGES) > 20


RUNBOOKS = [page for page in PAGES if page.name != "README.md"]
CODE = re.compile(r"`([^`\n]+)`")
SECTIONS = ["## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]


@cache
def lines() -> frozenset[str]:
    """The log's lines by the code, which is read once: that takes seconds."""
    return frozenset(found())


def named(page: Path, pattern: str) -> set[str]:
    return {text for text in CODE.findall(page.read_text(encoding="utf-8")) if re.fullmatch(pattern, text)}


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_a_runbook_has_the_four_headings(page: Path) -> None:
    assert [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("## ")] == SECTIONS


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_the_log_lines_and_metrics_of_a_runbook_are_written(page: Path) -> None:
    beginnings = {event.split(".")[0] for event in lines()}
    written = {text for text in named(page, r"[a-z_]+\.[a-z_]+") if text.split(".")[0] in beginnings and not text.endswith(".ms")}
    # A group of the bus has a name of the same form.
    assert {line for line in written if line.split(".")[0] not in SERVICES} - lines() == set()
    assert {re.sub(r"\{.*", "", text) for text in named(page, r"star_[a-z_]+(\{.*\})?")} - series() == set()


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_the_operations_of_a_runbook_are_there(page: Path) -> None:
    there = {re.sub(r"\{\w+\}", "{}", key) for document in documents().values() for key, _ in operations(document)}
    asked = {re.sub(r"\{\w+\}|\?.*", lambda part: "{}" if part[0].startswith("{") else "", text) for text in named(page, r"[A-Z]+ /v1/\S+")}
    assert asked - there == set()


def test_the_runbooks_name_lines_and_operations() -> None:
    assert sum(len(named(page, r"[A-Z]+ /v1/\S+")) for page in RUNBOOKS) > 5
    assert sum(len(named(page, r"[a-z_]+\.[a-z_]+") & lines()) for page in RUNBOOKS) > 10
