"""The days that a family was told of and that do not count now."""

from datetime import date

import pytest

from services.notifier.delivery.deliveries.correcting import wrong_days
from shared.events.data import AbsentDay

MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)


@pytest.mark.parametrize(
    ("told", "now", "wrong"),
    [
        pytest.param([(MONDAY, 2)], [(MONDAY, 2)], [], id="the same"),
        pytest.param([(MONDAY, 2)], [(MONDAY, 2), (TUESDAY, 2)], [], id="one more is no mistake"),
        pytest.param([(MONDAY, 1)], [(MONDAY, 2)], [], id="a longer day is none"),
        pytest.param([(MONDAY, 2)], [], [(MONDAY, 2)], id="a whole day"),
        pytest.param([(MONDAY, 2)], [(MONDAY, 1)], [(MONDAY, 1)], id="half of it"),
        pytest.param([(MONDAY, 2)], [(TUESDAY, 2)], [(MONDAY, 2)], id="another day in its place"),
    ],
)
def test_wrong_days(told: list[tuple[date, int]], now: list[tuple[date, int]], wrong: list[tuple[date, int]]) -> None:
    assert wrong_days([AbsentDay(*day) for day in told], [AbsentDay(*day) for day in now]) == [AbsentDay(*day) for day in wrong]
