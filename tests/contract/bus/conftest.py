"""Each test of the contract runs on both buses."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.bus.adapters import BusUnderTest, EmbeddedBackstage, KafkaBackstage


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
async def under_test(request: pytest.FixtureRequest) -> AsyncIterator[BusUnderTest]:
    if request.param == "embedded":
        backstage = EmbeddedBackstage(request.getfixturevalue("database_url"))
    else:
        backstage = KafkaBackstage(request.getfixturevalue("kafka_broker").bootstrap)
    under_test = BusUnderTest(backstage, backstage.bus())
    yield under_test
    await under_test.close()
