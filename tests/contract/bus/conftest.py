"""Each test of the contract runs on both buses."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.bus.adapters import Backstage, BusUnderTest, EmbeddedBackstage, KafkaBackstage
from tests.support.kafka import kafka_broker

__all__ = ["backstage", "kafka_broker", "under_test"]


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def backstage(request: pytest.FixtureRequest) -> Backstage:
    if request.param == "embedded":
        return EmbeddedBackstage(request.getfixturevalue("database_url"))
    return KafkaBackstage(request.getfixturevalue("kafka_broker").bootstrap)


@pytest.fixture
async def under_test(backstage: Backstage) -> AsyncIterator[BusUnderTest]:
    under_test = BusUnderTest(backstage, backstage.bus())
    yield under_test
    await under_test.close()
