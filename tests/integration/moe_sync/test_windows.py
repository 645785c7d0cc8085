"""When weeks are built: each once, in order, with what was so at its close."""

from datetime import date, datetime, timedelta

from shared.events.data import TermDates
from shared.events.envelope import tombstone
from tests.integration.moe_sync.office import CLOSE, MONDAY, TERM, WEEK, Office
from tests.support.polling import eventually


async def due(office: Office, school: str = "0999") -> list[tuple[str, datetime]]:
    """The open windows of a school: (week, when it is built)."""
    rows = await office.sql(
        f"""
        SELECT w.week, k.due_at FROM moe_sync.windows w JOIN moe_sync.work k USING (id)
        WHERE w.school = '{school}' AND w.done_at IS NULL ORDER BY w.week
        """
    )
    return [(row["week"], row["due_at"]) for row in rows]


async def test_missed_weeks_are_made_up_in_order_each_as_it_was_at_its_close(office: Office) -> None:
    await office.stop()
    events = []
    # Crossed in W43, a Friday evening after its close, in W44; withdrawn in W45. Read long afterwards.
    for student, moment in (("1", MONDAY), ("2", CLOSE + timedelta(minutes=1)), ("3", MONDAY + WEEK)):
        office.clock.now = moment
        events.append(office.crossed(student))
    office.clock.now = MONDAY + 2 * WEEK
    events.append(office.retracted("1"))
    office.clock.now = MONDAY + 3 * WEEK
    await office.publish(*events)
    # As after an outage: the events of that time are read first, and then the weeks are built.
    await office.start(event_lag=timedelta(minutes=1))
    await office.caught_up()
    assert await office.at_ministry() == []
    await office.turn_to(MONDAY + 3 * WEEK + timedelta(minutes=1))
    await eventually(office.finished_windows, ["2026-W43", "2026-W44", "2026-W45"])
    await eventually(office.weeks_there, [("2026-W43", 1, 1), ("2026-W44", 1, 2), ("2026-W45", 1, 1)])
    said = [[(record["student"], record["status"]) for record in upload["records"]] for upload in await office.at_ministry()]
    assert said[0] == [("1", "open")]
    assert sorted(said[1]) == [("2", "open"), ("3", "open")]
    assert said[2] == [("1", "withdrawn")]
    assert await due(office) == [("2026-W46", CLOSE + 3 * WEEK + timedelta(minutes=1))]


async def test_a_week_waits_for_an_earlier_one_that_a_dead_worker_holds(office: Office) -> None:
    await office.stop()
    # The second week is scheduled by news of the school, while the first still waits.
    office.clock.now = MONDAY + WEEK
    await office.start(event_lag=timedelta(hours=1))
    await office.publish(office.school(), office.crossed())
    assert [week for week, _ in await due(office)] == ["2026-W43", "2026-W44"]
    await office.stop()
    office.clock.now = MONDAY + 2 * WEEK
    lease_until = (office.clock.now + timedelta(minutes=2)).isoformat()
    await office.sql(
        f"""
        UPDATE moe_sync.work SET state = 'leased', lease = gen_random_uuid(), due_at = '{lease_until}'
        WHERE id = (SELECT id FROM moe_sync.windows WHERE week = '2026-W43')
        """
    )
    await office.start()

    async def waited() -> bool:
        return bool(await office.sql("SELECT FROM moe_sync.work_attempts WHERE detail = 'an earlier week comes first'"))

    await eventually(waited, True)
    assert await office.finished_windows() == []
    await office.turn_to(MONDAY + 2 * WEEK + timedelta(minutes=2))
    await eventually(office.weeks_there, [("2026-W43", 1, 0), ("2026-W44", 1, 1)])


async def test_after_a_start_windows_wait_for_events_on_their_way(closed_office: Office) -> None:
    office = closed_office
    await office.start(event_lag=timedelta(minutes=1))
    await office.publish(office.school())
    await eventually(lambda: due(office), [("2026-W43", CLOSE + timedelta(minutes=1))])
    await office.stop()
    office.clock.now = CLOSE + timedelta(hours=5)
    await office.start(event_lag=timedelta(minutes=1))
    await eventually(lambda: due(office), [("2026-W43", CLOSE + timedelta(hours=5, minutes=1))])
    assert await office.uploads() == []
    await office.turn_to(CLOSE + timedelta(hours=5, minutes=1))
    await eventually(office.weeks_there, [("2026-W43", 1, 0)])


async def test_no_windows_in_the_holidays_and_on_with_the_next_term(office: Office) -> None:
    last = datetime(2026, 12, 18, 5, tzinfo=CLOSE.tzinfo)
    spring = TermDates("2027-T1", date(2027, 2, 1), date(2027, 4, 16))
    office.clock.now = last - timedelta(hours=1)
    short = TermDates("2026-T4", date(2026, 12, 14), TERM.end)
    await office.publish(office.school("0189", terms=[short, spring]))
    assert await due(office, "0189") == [("2026-W51", last)]
    await office.turn_to(last)
    await eventually(lambda: due(office, "0189"), [("2027-W05", datetime(2027, 2, 5, 5, tzinfo=CLOSE.tzinfo))])
    await eventually(lambda: office.weeks_there("0189"), [("2026-W51", 1, 0)])


async def test_a_school_without_terms_has_no_windows_until_it_has(office: Office) -> None:
    await office.publish(office.school("0189", terms=[]))
    assert await due(office, "0189") == []
    office.clock.now = MONDAY + timedelta(hours=1)
    await office.publish(office.school("0189"))
    assert await due(office, "0189") == [("2026-W43", CLOSE)]


async def test_a_week_that_has_left_the_term_makes_no_upload(office: Office) -> None:
    office.clock.now = MONDAY + timedelta(hours=1)
    later = TermDates("2026-T4", date(2026, 11, 2), TERM.end)
    await office.publish(office.school(terms=[later]))
    await office.turn_to(CLOSE)
    await eventually(lambda: due(office), [("2026-W45", CLOSE + 2 * WEEK)])
    assert await office.finished_windows() == ["2026-W43"]
    assert await office.uploads() == []


async def test_each_school_keeps_its_own_clock_and_a_window_moves_with_it(office: Office) -> None:
    await office.publish(office.school("0189", timezone="Pacific/Chatham"))
    assert await due(office, "0189") == [("2026-W43", CLOSE - timedelta(minutes=45))]
    office.clock.now = MONDAY + timedelta(hours=1)
    await office.publish(office.school("0189"))
    assert await due(office, "0189") == [("2026-W43", CLOSE)]
    # Repeats of what was said before change nothing.
    await office.publish(office.school("0189", timezone="Pacific/Chatham", updated_at=MONDAY))
    assert await due(office, "0189") == [("2026-W43", CLOSE)]


async def test_a_week_that_a_run_by_hand_has_said_is_not_said_again(office: Office) -> None:
    await office.publish(office.crossed())
    assert (await office.run()).status_code == 202
    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    await office.turn_to(CLOSE)
    await eventually(office.finished_windows, ["2026-W43"])
    assert await office.statuses() == [("2026-W43", 1, "accepted")]


async def test_what_changes_after_a_run_by_hand_goes_at_the_close(office: Office) -> None:
    await office.publish(office.crossed())
    assert (await office.run()).status_code == 202
    office.clock.now = MONDAY + timedelta(days=2)
    await office.publish(office.closed())
    await office.turn_to(CLOSE)
    await eventually(office.weeks_there, [("2026-W43", 1, 1), ("2026-W43", 2, 1)])


async def test_a_school_that_is_gone_has_no_more_windows_and_keeps_its_uploads(office: Office) -> None:
    assert (await office.run()).status_code == 202
    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    await office.publish(tombstone("star.schools.v1", "0999"))
    await office.turn_to(CLOSE)
    await eventually(office.finished_windows, ["2026-W43"])
    assert await due(office) == []
    assert await office.statuses() == [("2026-W43", 1, "accepted")]
