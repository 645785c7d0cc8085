"""The weeks around New Year: none is lost by a calendar that comes late, or that has next year's terms only."""

from datetime import UTC, date, datetime, timedelta

from shared.events.data import TermDates
from tests.integration.moe_sync.office import TERM, Office
from tests.integration.moe_sync.windows.test_windows import due
from tests.support.polling import eventually

LAST_CLOSE = datetime(2026, 12, 18, 5, tzinfo=UTC)
SPRING = TermDates("2027-T1", date(2027, 2, 1), date(2027, 4, 16))
LAST_WEEK = TermDates("2026-T4", date(2026, 12, 14), TERM.end)


async def test_next_years_terms_alone_take_no_window_away(office: Office) -> None:
    office.clock.now = LAST_CLOSE - timedelta(days=2)
    await office.publish(office.school("0189", terms=[LAST_WEEK]))
    assert await due(office, "0189") == [("2026-W51", LAST_CLOSE)]
    # Sent on the Thursday of the last week, and once more on the Saturday before anybody has closed it.
    office.clock.now = LAST_CLOSE - timedelta(days=1)
    await office.publish(office.school("0189", terms=[SPRING]))
    await office.turn_to(LAST_CLOSE)
    await eventually(lambda: office.weeks_there("0189"), [("2026-W51", 1, 0)])
    await eventually(lambda: due(office, "0189"), [("2027-W05", datetime(2027, 2, 5, 5, tzinfo=UTC))])


async def test_the_weeks_before_a_calendar_that_came_late_are_made_up(office: Office) -> None:
    office.clock.now = LAST_CLOSE - timedelta(days=2)
    await office.publish(office.school("0189", terms=[LAST_WEEK]))
    await office.turn_to(LAST_CLOSE)
    await eventually(lambda: office.weeks_there("0189"), [("2026-W51", 1, 0)])
    assert await due(office, "0189") == []
    # The calendar comes on the Wednesday of the third week.
    office.clock.now = datetime(2027, 2, 16, 21, tzinfo=UTC)
    await office.publish(office.school("0189", terms=[SPRING]))
    await office.turn_to(office.clock.now + timedelta(minutes=1))
    await eventually(lambda: office.weeks_there("0189"), [("2026-W51", 1, 0), ("2027-W05", 1, 0), ("2027-W06", 1, 0)])
    await eventually(lambda: due(office, "0189"), [("2027-W07", datetime(2027, 2, 19, 5, tzinfo=UTC))])


async def test_a_school_that_begins_in_mid_term_begins_with_its_week(office: Office) -> None:
    office.clock.now = datetime(2027, 2, 16, 21, tzinfo=UTC)
    await office.publish(office.school("0189", terms=[SPRING]))
    assert await due(office, "0189") == [("2027-W07", datetime(2027, 2, 19, 5, tzinfo=UTC))]
