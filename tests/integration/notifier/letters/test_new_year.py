"""Letters about the last days of a term, and none about a term that is over. The term ends on Friday 18 December 2026."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.events.data import TermDates
from tests.integration.notifier.conftest import MERE, Desk, Visitor
from tests.support.crossings import days, down, stands, up

SPRING = TermDates("2027-T1", date(2027, 2, 2), date(2027, 4, 9))
FOUR_HOURS = {"hold": "PT4H", "window": {"days": "school-days", "opens": "08:00", "until": "18:00"}}
JANUARY, FEBRUARY = datetime(2027, 1, 12, 0, 0, tzinfo=UTC), datetime(2027, 2, 3, 0, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    """A moment in December on the school's clock, 13 hours ahead of UTC."""
    return datetime.fromisoformat(f"2026-12-{text}").replace(tzinfo=UTC) - timedelta(hours=13)


async def works_on(desk: Desk, until: datetime) -> None:
    """Goes on from five minutes to five minutes."""
    while desk.now < until:
        desk.passes(timedelta(minutes=5))
        await desk.work()


async def known_at(desk: Desk, moment: datetime) -> None:
    desk.now = moment - timedelta(days=30)
    await desk.school()
    await desk.roster([desk.joined(MERE)])
    desk.now = moment


@pytest.mark.parametrize("crossed", ["18T09:00", "18T15:30", "18T17:58", "18T19:30", "18T23:30"])
async def test_a_crossing_in_a_terms_last_hours_gets_its_letter(desk: Desk, visitor: Visitor, crossed: str) -> None:
    await known_at(desk, at(crossed))
    await visitor.policy(**FOUR_HOURS)
    await desk.say(up(5, 10, to="yellow", said_at=desk.now))
    await works_on(desk, at("18T23:59"))
    assert await desk.letters() == [(5, "bound", None)]
    assert len(desk.mail()) == 1
    sent = (await desk.rows("SELECT sent_at FROM deliveries"))[0].sent_at
    window_closes = at("18T18:00")
    # Inside the window where there is time, and else on that evening.
    assert sent <= max(window_closes, at(crossed) + timedelta(hours=4, minutes=5))
    if crossed < "18T13":
        assert sent >= at(crossed) + timedelta(hours=4)


async def test_no_letter_is_about_a_term_that_is_over(desk: Desk, visitor: Visitor) -> None:
    await known_at(desk, at("10T10:00"))
    await visitor.policy(**FOUR_HOURS)
    # A correction of last year's roll, in January, by a calendar that has next year's terms only.
    desk.now = JANUARY
    await desk.school(terms=[SPRING])
    await desk.say(up(5, 10, to="yellow", said_at=desk.now))
    await works_on(desk, JANUARY + timedelta(hours=5))
    assert (await desk.letters(), desk.mail()) == ([(5, "past", "term-over")], [])


async def test_a_term_of_last_year_that_no_calendar_knows_is_over(desk: Desk, visitor: Visitor) -> None:
    desk.now = JANUARY
    await desk.school(terms=[SPRING])
    await desk.roster([desk.joined(MERE)])
    desk.now = FEBRUARY
    await desk.say(up(5, 10, to="yellow", said_at=desk.now))
    await works_on(desk, FEBRUARY + timedelta(hours=2))
    assert (await desk.letters(), desk.mail()) == ([(5, "past", "term-over")], [])


async def test_the_schools_policy_may_have_letters_after_the_term(desk: Desk, visitor: Visitor) -> None:
    await known_at(desk, at("18T16:00"))
    await visitor.policy(**FOUR_HOURS, after_term="P5D")
    desk.now = at("19T10:00")
    await desk.say(up(5, 10, to="yellow", said_at=desk.now))
    await works_on(desk, at("19T14:10"))
    assert len(desk.mail()) == 1


async def test_no_correction_is_about_a_term_that_is_over(desk: Desk, visitor: Visitor) -> None:
    await known_at(desk, at("10T10:00"))
    await visitor.policy(correct="send", hold="PT1H")
    await desk.stands(stands(days(8), 1))
    await desk.say(up(5, 16, to="yellow", standing=1, said_at=desk.now))
    await works_on(desk, at("10T12:00"))
    assert len(desk.mail()) == 1
    desk.now = JANUARY
    await desk.school(terms=[SPRING])
    await desk.stands(stands(days(4), 2))
    await desk.say(down(5, 8, to="green", standing=2, said_at=desk.now))
    await works_on(desk, JANUARY + timedelta(hours=3))
    (item,) = (await visitor.deliveries(status="sent"))["items"]
    delivery = item["id"]
    alone = (await visitor.http.get(f"/v1/deliveries/{delivery}", headers=visitor.headers("star:read", role="manage"))).json()
    assert (item["can_be_corrected"], alone["can_be_corrected"]) == (False, False)
    refused = await visitor.http.post(f"/v1/deliveries/{delivery}/correct", headers=visitor.headers("star:write", role="manage"))
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "term-over")
    assert len(desk.mail()) == 1


async def test_what_the_mail_server_took_too_late_is_kept_back(desk: Desk, visitor: Visitor) -> None:
    await known_at(desk, at("18T14:00"))
    await visitor.policy(hold="PT0S")
    await desk.catcher.stop()
    await desk.say(up(5, 10, to="yellow", said_at=desk.now))
    await desk.work()
    assert [status for _, status, _ in await desk.deliveries()] == ["waiting"]
    desk.now = at("20T08:00")
    await desk.mail_server_is_back()
    await desk.work()
    assert ([row[1:] for row in await desk.deliveries()], desk.mail()) == ([("cancelled", "term-over")], [])


async def test_a_day_after_the_term_what_was_written_in_it_still_goes(desk: Desk, visitor: Visitor) -> None:
    await known_at(desk, at("18T14:00"))
    await visitor.policy(hold="PT0S")
    await desk.catcher.stop()
    await desk.say(up(5, 10, to="yellow", said_at=desk.now))
    await desk.work()
    desk.now = at("19T08:00")
    await desk.mail_server_is_back()
    await desk.work()
    assert len(desk.mail()) == 1
