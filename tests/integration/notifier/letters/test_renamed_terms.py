"""A term that gets another name: a family is written to once about a threshold, and nothing is taken back that still counts."""

import dataclasses
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from shared.events.data import TermDates
from shared.events.envelope import Event
from shared.identifiers import star_record_id
from tests.integration.notifier.conftest import HOLD, MERE, Desk, Visitor
from tests.support.crossings import STUDENT_ID, days, down, stands, up

RENAMED = TermDates("2026-T3", date(2026, 10, 12), date(2026, 12, 18))
MOVED = TermDates("2026-T4", date(2027, 1, 11), date(2027, 4, 1))


def under(name: str, event: Event) -> Event:
    """The event as it is said of a term of this name."""
    data: Any = event.data
    changes: dict[str, Any] = {"term": name}
    if hasattr(data, "record_id"):
        changes["record_id"] = star_record_id(STUDENT_ID, name, data.threshold)
    return dataclasses.replace(event, id=f"{event.id}/{name}", data=msgspec.structs.replace(data, **changes))


async def crossed(desk: Desk) -> None:
    """Eight days in a term that has a wrong name."""
    await desk.school()
    await desk.roster([desk.joined(MERE)])
    await desk.stands(stands(days(8), 1))
    await desk.say(up(5, 16, to="yellow", standing=1))


async def put_right(desk: Desk, *terms: TermDates) -> None:
    """The calendar with the right name, and what thresholds says after it."""
    desk.passes(timedelta(minutes=1))
    await desk.school(terms=list(terms), updated_at=desk.now)
    await desk.stands(under("2026-T3", stands(days(8), 1)))
    await desk.say(under("2026-T3", up(5, 16, to="yellow", standing=1)))
    if MOVED in terms:
        await desk.stands(stands([], 2))
        await desk.say(down(5, 0, to="green", standing=2))
    desk.passes(HOLD + timedelta(days=1))
    await desk.work()


@pytest.mark.parametrize("terms", [(RENAMED,), (RENAMED, MOVED)], ids=["the name is gone", "the name stands for other days"])
async def test_a_family_that_was_written_to_is_not_again(desk: Desk, visitor: Visitor, terms: tuple[TermDates, ...]) -> None:
    await crossed(desk)
    desk.passes(HOLD)
    await desk.work()
    await visitor.policy(correct="send")
    await put_right(desk, *terms)
    assert len(desk.mail()) == 1
    # Nobody corrected a day: there is nothing to take back, by policy or by hand.
    (letter,) = (await visitor.deliveries(status="sent"))["items"]
    assert letter["can_be_corrected"] is False
    answer = await visitor.http.post(f"/v1/deliveries/{letter['id']}/correct", headers=visitor.headers("star:write", role="manage"))
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, "nothing-to-correct")


async def test_a_letter_that_waited_goes_once_under_the_new_name(desk: Desk) -> None:
    await crossed(desk)
    await put_right(desk, RENAMED, MOVED)
    assert [mail["subject"] for mail in desk.mail()] == ["Attendance in Term 3"]


async def test_a_letter_about_days_of_another_term_stops_none(desk: Desk) -> None:
    """The letter was about days of two terms as they are now: the new one's own threshold is told."""
    await crossed(desk)
    desk.passes(HOLD)
    await desk.work()
    second = TermDates("2026-T3", date(2026, 11, 4), date(2026, 12, 18))
    await put_right(desk, TermDates("2026-T4", date(2026, 10, 12), date(2026, 11, 3)), second)
    assert [mail["subject"] for mail in desk.mail()] == ["Attendance in Term 4", "Attendance in Term 3"]


async def test_days_that_are_corrected_after_it_under_the_new_name_are_told(desk: Desk, visitor: Visitor) -> None:
    """A threshold that the family has not heard of, under whichever name, is told."""
    await crossed(desk)
    desk.passes(HOLD)
    await desk.work()
    await put_right(desk, RENAMED, MOVED)
    await desk.stands(under("2026-T3", stands(days(10), 2)))
    await desk.say(under("2026-T3", up(10, 20, to="orange", standing=2)))
    desk.passes(HOLD)
    await desk.work()
    assert len(desk.mail()) == 2
    assert (await visitor.deliveries(status="sent"))["items"][0]["threshold"] == 10
