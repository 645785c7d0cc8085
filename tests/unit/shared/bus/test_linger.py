"""The wait before a round: none where little comes or much waits, a bounded one in between."""

import pytest

from shared.bus.linger import LONGEST, Linger


def after(rate: float, seconds: float = 5.0, round_takes: float = 0.01) -> tuple[Linger, float]:
    """A linger that has seen messages come at a steady rate, and the time at which its last round is over."""
    linger, now, seen = Linger(), 0.0, 0.0
    while now < seconds:
        now += linger.wait(now)
        waiting = rate * now - seen
        seen += waiting
        linger.begin(now, round(waiting), behind=False)
        now += max(round_takes, 1 / rate if rate < 1 / round_takes else 0)
    return linger, now


@pytest.mark.parametrize("rate", [0.1, 1.0, 9.0])
def test_where_little_comes_nothing_waits(rate: float) -> None:
    linger, now = after(rate)
    assert linger.wait(now) == 0


@pytest.mark.parametrize("rate", [100.0, 200.0, 1_000.0])
def test_where_much_comes_rounds_are_apart(rate: float) -> None:
    linger, now = after(rate)
    assert 0.1 < linger.wait(now) <= LONGEST


@pytest.mark.parametrize("rate", [1.0, 15.0, 30.0, 100.0, 5_000.0])
def test_no_wait_is_longer_than_the_bound(rate: float) -> None:
    linger, now = after(rate)
    assert 0 <= linger.wait(now) <= LONGEST


def test_a_burst_after_quiet_starts_at_once() -> None:
    linger, now = after(1.0)
    linger.begin(now + 1, 200, behind=False)
    assert linger.wait(now + 3) == 0


def test_when_the_burst_is_over_nothing_waits_again() -> None:
    linger, now = after(500.0)
    for second in range(1, 6):
        linger.begin(now + second, 1, behind=False)
    assert linger.wait(now + 5.02) == 0


def test_a_group_that_is_behind_does_not_wait() -> None:
    linger, now = after(500.0)
    linger.begin(now, 500, behind=True)
    assert linger.wait(now) == 0
