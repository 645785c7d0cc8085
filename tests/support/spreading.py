"""A run spread over processes: `pytest --numprocesses 2`, as `make test` does.

Each process has a database server of its own; they share a Kafka broker.
"""

from xdist.scheduler import LoadScopeScheduling

STACKS = ("embedded", "cluster")


class Spreading(LoadScopeScheduling):
    """Keeps a file in one process, for its fixtures' sake, and the end-to-end tests of a stack, for the stack's."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        stack = next((stack for stack in STACKS if f"[{stack}" in test), None)
        return stack if stack and file.startswith("tests/e2e/") else file
