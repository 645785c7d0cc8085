"""Both set-ups, started once for all tests."""

from collections.abc import Iterator

import pytest

from tests.e2e.school import School, fresh_number
from tests.support.stack import Stack, cluster_stack, embedded_stack


@pytest.fixture(scope="package", params=["embedded", pytest.param("cluster", marks=pytest.mark.kafka)])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running product. These tests share it, each with a school of its own; it is stopped before others run."""
    start = embedded_stack if request.param == "embedded" else cluster_stack
    with start(tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture
def school(stack: Stack) -> School:
    """A school that nobody else has."""
    return School(stack, fresh_number())
