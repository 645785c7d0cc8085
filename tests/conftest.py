"""Fixtures that every test can ask for, and how a run is spread."""

import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.support import honest
from tests.support.database import clones, database_template, database_url, postgres_url

__all__ = ["clones", "database_template", "database_url", "postgres_url"]

LONG_FIRST = ("tests/e2e/", "tests/contract/", "tests/integration/")
"""So that all processes of a spread run end together."""

# By default a logged exception is drawn with every local variable of every frame, which takes seconds.
structlog.configure(
    [*structlog.get_config()["processors"][:-1], structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
)


def pytest_pycollect_makemodule(module_path: Path) -> None:
    """Imports Hypothesis, before the first file that uses it: the others start without it."""
    if b"from hypothesis import" in module_path.read_bytes():
        from hypothesis import settings  # noqa: PLC0415

        # How long an example takes says something of the machine, not of the code.
        settings.register_profile("star", deadline=None)
        settings.load_profile("star")


def pytest_configure() -> None:
    """Holds the answers of every test to the OpenAPI documents."""
    honest.watch()
    # A run in a shell's background ignores Ctrl-C, and so would the commands that tests start and stop by it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fails a test that got an answer which no document has."""
    result = yield
    undocumented = list(honest.taken())
    if undocumented and item.get_closest_marker("undocumented") is None:
        pytest.fail("answers that no OpenAPI document has:\n" + "\n".join(undocumented), pytrace=False)
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((rank for rank, start in enumerate(LONG_FIRST) if item.nodeid.startswith(start)), len(LONG_FIRST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Spreads by stacks and files."""
    from tests.support.spreading import Spreading  # noqa: PLC0415 - only for runs that are spread

    # By default the files with the most tests come first, however short those are.
    config.option.loadscopereorder = False
    return Spreading(config, log)
