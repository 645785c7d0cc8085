"""A run spread over processes: `pytest --numprocesses 2`, as `make test` does.

Each process has a database server of its own; they share a Kafka broker. What is long comes first, so that all end together.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

LONG_FIRST = ("tests/e2e/", "tests/contract/", "tests/integration/")
STACKS = ("embedded", "cluster")


class Spreading(LoadScopeScheduling):
    """Keeps a file in one process, for its fixtures' sake, and the end-to-end tests of a stack, for the stack's."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        stack = next((stack for stack in STACKS if f"[{stack}" in test), None)
        return stack if stack and file.startswith("tests/e2e/") else file


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((rank for rank, start in enumerate(LONG_FIRST) if item.nodeid.startswith(start)), len(LONG_FIRST)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Spreading:
    # By default the files with the most tests come first, however short those are.
    config.option.loadscopereorder = False
    return Spreading(config, log)
