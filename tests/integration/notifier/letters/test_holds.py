"""Staff hold a student's letters: before the crossing or after it, until a day or until they let go."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.attendance.tiers import Threshold
from shared.events.catalogue import LETTERS_HELD, LETTERS_RELEASED
from shared.events.data import LettersHeld, LettersReleased
from shared.events.envelope import Event, new_event_id
from tests.integration.notifier.conftest import HOLD, Desk, Visitor
from tests.support.crossings import SCHOOL, STUDENT, STUDENT_ID, TERM, down, up


def held(desk: Desk, threshold: Threshold | None = None, until: date | None = None) -> Event:
    data = LettersHeld(school=SCHOOL, student=STUDENT, student_id=STUDENT_ID, term=TERM, threshold=threshold, until=until, held_at=desk.now)
    return Event(LETTERS_HELD, new_event_id(), "/thresholds", desk.now, str(STUDENT_ID), data)


def released(desk: Desk, threshold: Threshold | None = None) -> Event:
    data = LettersReleased(school=SCHOOL, student=STUDENT, student_id=STUDENT_ID, term=TERM, threshold=threshold, released_at=desk.now)
    return Event(LETTERS_RELEASED, new_event_id(), "/thresholds", desk.now, str(STUDENT_ID), data)


async def hear(desk: Desk, *events: Event) -> None:
    """One batch of the holds' topic."""
    await desk.holds([desk.message(event.encode()) for event in events])


async def due(desk: Desk) -> None:
    """The crossing's own hold ends, and what is due is worked off."""
    desk.passes(HOLD)
    await desk.work()


@pytest.mark.parametrize("first", ["hold", "crossing"])
async def test_a_hold_before_or_after_the_crossing(known: Desk, visitor: Visitor, first: str) -> None:
    crossing = up(5, 10, to="yellow")
    if first == "hold":
        await hear(known, held(known))
        await known.say(crossing)
    else:
        await known.say(crossing)
        await hear(known, held(known))
    await due(known)

    assert known.mail() == []
    (item,) = (await visitor.deliveries())["items"]
    assert (item["status"], item["due_at"]) == ("on-hold", "2026-12-18T11:00:00Z")

    known.passes(timedelta(days=3))
    assert await known.work() == 0
    await hear(known, released(known))
    await known.work()
    assert len(known.mail()) == 2
    assert await known.letters() == [(5, "bound", None)]


async def test_a_hold_that_ended_before_the_letter_was_due_is_none(known: Desk) -> None:
    await hear(known, held(known))
    await known.say(up(5, 10, to="yellow"))
    known.passes(timedelta(minutes=30))
    await hear(known, released(known))
    await due(known)

    assert len(known.mail()) == 2


async def test_after_its_last_day_the_letter_is_due(known: Desk) -> None:
    await hear(known, held(known, until=date(2026, 11, 22)))
    await known.say(up(5, 10, to="yellow"))
    await due(known)
    known.now = datetime(2026, 11, 22, 10, 59, 59, tzinfo=UTC)
    assert await known.work() == 0
    known.now = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
    await known.work()

    assert len(known.mail()) == 2


async def test_a_longer_hold_takes_the_place_of_the_one_before(known: Desk) -> None:
    await hear(known, held(known, until=date(2026, 11, 22)))
    await known.say(up(5, 10, to="yellow"))
    await due(known)
    await hear(known, held(known, until=date(2026, 11, 24)))
    known.now = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    await known.work()
    assert await known.letters() == [(5, "on-hold", None)]
    known.now = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
    await known.work()

    assert await known.letters() == [(5, "bound", None)]


async def test_what_was_taken_back_during_the_hold_is_not_sent(known: Desk) -> None:
    await hear(known, held(known))
    await known.say(up(5, 10, to="yellow"))
    await due(known)
    await known.say(down(5, 9, to="green"))
    await hear(known, released(known))
    await known.work()

    assert known.mail() == []
    assert await known.letters() == [(5, "cancelled", "retracted")]


async def test_released_too_late_it_is_past(known: Desk) -> None:
    await hear(known, held(known))
    await known.say(up(5, 10, to="yellow"))
    await due(known)
    known.passes(timedelta(days=14))
    await hear(known, released(known))
    await known.work()

    assert known.mail() == []
    assert await known.letters() == [(5, "past", "too-late")]


async def test_never_released_it_ends_with_the_term(known: Desk) -> None:
    await hear(known, held(known))
    await known.say(up(5, 10, to="yellow"))
    await due(known)
    known.now = datetime(2026, 12, 18, 11, 0, tzinfo=UTC)
    await known.work()

    assert await known.letters() == [(5, "past", "term-over")]


async def test_the_letter_of_one_threshold(known: Desk) -> None:
    await hear(known, held(known, threshold=10))
    await known.say(up(5, 10, to="yellow"))
    await due(known)
    assert await known.letters() == [(5, "bound", None)]

    await known.say(up(10, 20, to="orange"))
    await due(known)
    assert (await known.letters())[1:] == [(10, "on-hold", None)]

    await known.say(up(15, 30, to="red"))
    await due(known)
    assert (await known.letters())[1:] == [(15, "bound", None)]


async def test_the_letter_below_goes_when_the_held_one_is_taken_back(known: Desk) -> None:
    await hear(known, held(known, threshold=10))
    await known.say(up(5, 20, to="orange"), up(10, 20, to="orange"))
    await due(known)
    assert await known.letters() == [(10, "on-hold", None)]
    await known.say(down(10, 19, to="yellow"))
    await known.work()

    assert await known.letters() == [(5, "bound", None)]


async def test_a_crossing_during_a_hold_of_everything_waits_too(known: Desk) -> None:
    await hear(known, held(known))
    await known.say(up(5, 10, to="yellow"))
    await due(known)
    await known.say(up(10, 20, to="orange"))
    await due(known)
    assert await known.letters() == [(10, "on-hold", None)]

    await hear(known, released(known))
    await known.work()
    assert await known.letters() == [(10, "bound", None)]


async def test_an_older_event_that_comes_late_changes_nothing(known: Desk) -> None:
    old = held(known)
    known.passes(timedelta(minutes=1))
    new = released(known)
    await hear(known, new)
    await hear(known, old)
    await known.say(up(5, 10, to="yellow"))
    await due(known)

    assert len(known.mail()) == 2
