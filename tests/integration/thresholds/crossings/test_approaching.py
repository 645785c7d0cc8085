"""A total that comes within a day of a threshold is said once, and not for terms that are over."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.bus.headers import headers_from_text
from shared.bus.interface import Message
from shared.events.data import TermDates
from shared.events.envelope import Event, decode
from tests.integration.thresholds.conftest import NOW, Heart, absences


async def approaches(heart: Heart) -> list[tuple[int, int, date]]:
    return [(data.threshold, data.left_half_days, data.occurred_on) for _, data in await events(heart)]


async def events(heart: Heart) -> list[tuple[str, Any]]:
    found = []
    for row in await heart.rows("SELECT topic, key, value, headers FROM outbox WHERE topic = 'star.approaches.v1' ORDER BY id"):
        event = decode(Message(row.topic, 0, 0, row.key, row.value, headers_from_text(row.headers)))
        assert isinstance(event, Event)
        found.append((event.id, event.data))
    return found


async def test_the_day_before_a_threshold_is_said_once(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(7))
    assert await approaches(heart) == []
    await heart.post(absences(1, first=7))
    await heart.post(absences(1, first=8))
    await heart.post(absences(1, code="P", first=12))
    assert await approaches(heart) == [(5, 2, date(2026, 10, 15))]
    await heart.post(absences(9, first=20))
    assert await approaches(heart) == [(5, 2, date(2026, 10, 15)), (10, 2, date(2026, 11, 2))]


async def test_a_jump_over_it_says_only_the_crossing_and_a_way_down_nothing(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(11))
    assert await approaches(heart) == []
    await heart.post(absences(2, code="P", recorded_at=NOW + timedelta(minutes=1)))
    assert await heart.said() == [("up", 5, 1), ("down", 5, 1)]
    assert await approaches(heart) == []


async def test_a_correction_and_its_correction_say_it_under_one_id(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(8))
    for minutes, code in ((1, "P"), (2, "M")):
        await heart.post(absences(1, code=code, recorded_at=NOW + timedelta(minutes=minutes)))
    said = await events(heart)
    assert len({event_id for event_id, _ in said}) == 1


async def test_a_term_that_is_over_says_nothing(heart: Heart) -> None:
    await heart.school(terms=[TermDates("2026-T4", date(2026, 10, 12), date(2026, 11, 13))], updated_at=datetime(2026, 11, 21, tzinfo=UTC))
    await heart.post(absences(8))
    assert await approaches(heart) == []
