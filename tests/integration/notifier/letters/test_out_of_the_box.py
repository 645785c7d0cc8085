"""Letters of a school that has chosen nothing, at a service that has set nothing: on school days from eight to six."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.settings import NotifierSettings
from tests.integration.notifier.conftest import HOLD, Desk, Visitor
from tests.support.crossings import up

OUT_OF_THE_BOX = NotifierSettings.model_fields["letter_window"].default
ANY_HOUR = {"days": "any", "opens": "00:00", "until": "23:59"}


@pytest.fixture
def settings(settings: NotifierSettings) -> NotifierSettings:
    return settings.model_copy(update={"letter_window": OUT_OF_THE_BOX})


async def due(visitor: Visitor) -> str:
    (item,) = (await visitor.deliveries())["items"]
    assert item["status"] == "held"
    when: str = item["due_at"]
    return when


async def test_a_letter_says_from_the_start_when_it_goes(known: Desk, visitor: Visitor) -> None:
    # Friday at half past five in the afternoon: an hour later the window has closed.
    known.now = datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
    await known.say(up(5, 10, to="yellow", said_at=known.now))
    assert await due(visitor) == "2026-11-22T19:00:00Z"
    known.passes(HOLD)
    await known.work()
    assert known.mail() == []
    assert await due(visitor) == "2026-11-22T19:00:00Z"
    known.now = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
    await known.work()
    assert len(known.mail()) == 2


async def test_any_hour_is_a_choice(known: Desk, visitor: Visitor) -> None:
    known.now = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
    await known.say(up(5, 10, to="yellow", said_at=known.now))
    assert await due(visitor) == "2026-11-22T19:00:00Z"
    policy = await visitor.policy(window=ANY_HOUR)
    assert policy["window"] == policy["in_force"]["window"] == ANY_HOUR
    assert await due(visitor) == "2026-11-20T11:30:00Z"
    known.passes(timedelta(hours=1))
    await known.work()
    assert len(known.mail()) == 2
