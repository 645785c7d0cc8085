"""The feed keeps what the topics keep, and no longer."""

from datetime import timedelta

from services.thresholds.feed import repository as feed
from services.thresholds.feed.archive import FEED_KEPT_FOR
from tests.integration.thresholds.conftest import NOW, Heart


def event(number: int, age: timedelta) -> dict[str, object]:
    return {
        "event_id": f"id-{number}",
        "event_type": "nz.star.threshold.crossed.v1",
        "source": "/thresholds",
        "school": "0999",
        "time": NOW - age,
        "data": "{}",
    }


async def test_events_go_when_they_are_too_old_a_few_at_a_time(heart: Heart) -> None:
    second = timedelta(seconds=1)
    ages = [FEED_KEPT_FOR + 3 * second, FEED_KEPT_FOR + 2 * second, FEED_KEPT_FOR + second, FEED_KEPT_FOR - second, second]
    async with heart.engine.begin() as connection:
        await feed.append(connection, [event(number, age) for number, age in enumerate(ages)])

    forgotten = []
    for _ in range(3):
        async with heart.engine.begin() as connection:
            forgotten.append(await feed.forget_before(connection, NOW - FEED_KEPT_FOR, 2))
    assert forgotten == [2, 1, 0]

    async with heart.engine.connect() as connection:
        left = await feed.after(connection, position=0, schools=None, limit=10)
    assert [row["event_id"] for row in left] == ["id-3", "id-4"]
