"""Each change of what a letter would say of a student is an event, beside the crossings."""

from datetime import timedelta
from typing import Any

import pytest

from shared.bus.headers import headers_from_text
from shared.bus.interface import Message
from shared.events.data import Mark, TermDates
from shared.events.envelope import Event, decode
from tests.integration.thresholds.conftest import FIRST_DAY, NOW, Heart, absences

LATER = NOW + timedelta(minutes=1)


async def standings(heart: Heart, topic: str = "star.standings.v1") -> list[Any]:
    """The data of the standings in the outbox, in order."""
    rows = await heart.rows(f"SELECT topic, key, value, headers FROM outbox WHERE topic = '{topic}' ORDER BY id")
    events = [decode(Message(row.topic, 0, 0, row.key, row.value, headers_from_text(row.headers))) for row in rows]
    return [event.data for event in events if isinstance(event, Event)]


async def brief(heart: Heart) -> list[tuple[int, str, int, int]]:
    """(version, tier, half days, half days of illness) of each standing, in order."""
    return [(data.version, data.tier, data.absent_half_days, data.illness_half_days) for data in await standings(heart)]


def corrected(marks: list[Mark], code: str | None) -> list[Mark]:
    return [replace_code(mark, code) for mark in marks]


def replace_code(mark: Mark, code: str | None) -> Mark:
    return Mark(student=mark.student, date=mark.date, session=mark.session, code=code, recorded_at=LATER)


@pytest.mark.parametrize(
    ("then", "said"),
    [
        pytest.param(corrected(absences(6), "P"), (2, "yellow", 10, 0), id="three of eight days corrected to present"),
        pytest.param(corrected(absences(16), "M"), (2, "yellow", 16, 16), id="all of them to illness"),
        pytest.param(corrected(absences(1), "M"), (2, "yellow", 16, 1), id="half a day to illness"),
        pytest.param(corrected(absences(2), None), (2, "yellow", 14, 0), id="a day taken back"),
        pytest.param(absences(2, first=16, code="T", recorded_at=LATER), (2, "yellow", 18, 0), id="one more day"),
        pytest.param(
            corrected(absences(2), "P") + absences(2, first=16, code="T", recorded_at=LATER), (2, "yellow", 16, 0), id="another day"
        ),
        pytest.param(corrected(absences(8), "P"), (2, "green", 8, 0), id="under the threshold: the last one"),
        pytest.param(absences(4, first=16, code="T", recorded_at=LATER), (2, "orange", 20, 0), id="over the next"),
        pytest.param(absences(4, first=16, code="P", recorded_at=LATER), None, id="there on other days"),
        pytest.param(corrected(absences(16), "?"), None, id="the same code again"),
        pytest.param(corrected(absences(16), "T"), None, id="another code that says the same to a family"),
    ],
)
async def test_a_change_without_a_crossing_is_said_once(heart: Heart, then: list[Mark], said: tuple[int, str, int, int] | None) -> None:
    await heart.school()
    await heart.post(absences(16, code="?"))
    await heart.post(then)
    await heart.post(then)
    assert await brief(heart) == [(1, "yellow", 16, 0), *([said] if said else [])]


async def test_below_the_threshold_nothing_is_said(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(9))
    await heart.post(corrected(absences(3), "T"))
    assert await standings(heart) == []


async def test_a_crossing_names_the_version_that_goes_with_it(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(10))
    await heart.post(corrected(absences(1), "T"))
    await heart.post(absences(10, first=10))
    assert [data.standing for data in await standings(heart, "star.crossings.v1")] == [1, 3]
    assert [data.version for data in await standings(heart)] == [1, 2, 3]


async def test_days_that_move_with_the_calendar_are_said(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(12) + absences(2, first=14))
    heart.now += timedelta(minutes=1)
    await heart.school(closed_days=[FIRST_DAY])
    heart.now += timedelta(minutes=1)
    await heart.school(terms=[TermDates("2026-T4", FIRST_DAY, FIRST_DAY + timedelta(days=60))])
    assert [(version, half_days) for version, _, half_days, _ in await brief(heart)] == [(1, 14), (2, 12), (3, 14)]


async def test_a_rise_and_fall_inside_one_batch_is_not_said(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(12))
    more, back = heart.roll(absences(2, first=12)), heart.roll(corrected(absences(2, first=12), "P"))
    await heart.marks_handler([more, back])
    assert await brief(heart) == [(1, "yellow", 12, 12)]
