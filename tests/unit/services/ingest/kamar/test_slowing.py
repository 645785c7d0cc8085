"""Wrong passwords of KAMAR's credentials: slower each time, by name and address, and never without bound."""

import asyncio

import pytest

from services.ingest.kamar import slowing
from services.ingest.kamar.slowing import MOST_REMEMBERED, Slowing

NAME, HERE, THERE = "0999-abc", "192.0.2.1", "192.0.2.2"


def test_the_wait_doubles_up_to_a_bound_and_is_forgotten() -> None:
    now = 0.0
    slow = Slowing(monotonic=lambda: now)
    assert [slow.wait_after(NAME, HERE) for _ in range(10)] == [0.5, 0.5, 0.5, 0.5, 1, 2, 4, 8, 8, 8]
    assert [slow.wait_after(NAME, HERE) for _ in range(5_000)][-1] == 8
    now = 899.0
    assert slow.wait_after(NAME, HERE) == 8
    now = 1_799.5
    assert slow.wait_after(NAME, HERE) == 0.5


def test_another_address_and_another_name_are_not_slowed() -> None:
    slow = Slowing()
    for _ in range(20):
        slow.wait_after(NAME, HERE)
    assert slow.wait_after(NAME, THERE) == 0.5
    assert slow.wait_after("0189-abc", HERE) == 0.5


def test_the_right_password_starts_anew() -> None:
    slow = Slowing()
    for _ in range(20):
        slow.wait_after(NAME, HERE)
    slow.forgive(NAME, HERE)
    assert slow.wait_after(NAME, HERE) == 0.5


async def test_the_time_of_a_comparison_is_a_part_of_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(slowing.asyncio, "sleep", sleep)
    slow = Slowing(monotonic=lambda: 100.25)
    await slow.slow(NAME, HERE, arrived=100.25)
    await slow.slow("0189-abc", HERE, arrived=100.0)
    assert slept == [0.5, 0.25]


def test_what_is_remembered_is_bounded() -> None:
    slow = Slowing()
    for number in range(3 * MOST_REMEMBERED):
        slow.wait_after(f"{number}" * 100, HERE)
    assert len(slow._tried) == MOST_REMEMBERED


async def test_those_that_wait_long_are_bounded_and_the_others_wait_as_long_as_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    ends, slept = asyncio.Event(), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await ends.wait()

    monkeypatch.setattr(slowing, "MOST_WAITING", 2)
    monkeypatch.setattr(slowing.asyncio, "sleep", sleep)
    slow = Slowing(monotonic=lambda: 100.25)
    for _ in range(20):
        slow.wait_after(NAME, HERE)
    # The typing errors of others take no place.
    waits = [asyncio.ensure_future(slow.slow(name, HERE, 100.0)) for name in ("0189-abc", "0189-abc", NAME, NAME, NAME)]
    while len(slept) < len(waits):
        await asyncio.tasks.sleep(0)
    # The comparison is a part of each wait: one that finds the queue full is answered no sooner where it was quick.
    assert slept == [0.25, 0.25, 7.75, 7.75, 0.25]
    ends.set()
    await asyncio.gather(*waits)
    assert slow.waiting == 0
