"""When weeks are built: each once, in order, with what was so at its close."""

from datetime import date, datetime, timedelta

from shared.events.data import TermDates
from shared.events.envelope import tombstone
from tests.integration.moe_sync.office import CLOSE, MONDAY, TERM, WEEK, Office
from tests.support.polling import eventually


async def due(office: Office, school: str = "0999") -> list[tuple[str, datetime]]:
    """The open windows of a school: (week, when it is built)."""
    rows = await office.sql(f"SELECT week, due_at FROM moe_sync.windows WHERE school = '{school}' AND done_at IS NULL ORDER BY week")
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


async def test_a_week_that_cant_be_built_keeps_its_schools_later_ones_waiting_and_no_other_schools(office: Office) -> None:
    await office.publish(office.school("0189"), office.school("0001"))
    # Something that no code of ours would write.
    await office.sql("UPDATE moe_sync.schools SET document = jsonb_set(document, '{timezone}', '\"Nowhere\"') WHERE school = '0999'")
    await office.turn_to(CLOSE)
    await eventually(lambda: office.weeks_there("0189"), [("2026-W43", 1, 0)])
    await eventually(lambda: office.weeks_there("0001"), [("2026-W43", 1, 0)])

    async def problems() -> list[tuple[str, str, int]]:
        rows = await office.sql("SELECT week, problem, tries FROM moe_sync.windows WHERE problem IS NOT NULL")
        return [(row["week"], row["problem"], row["tries"]) for row in rows]

    await eventually(problems, [("2026-W43", "ZoneInfoNotFoundError", 1)])
    await office.turn_to(CLOSE + timedelta(hours=1))
    await eventually(problems, [("2026-W43", "ZoneInfoNotFoundError", 2)])
    status = (await office.get("/v1/upload-status")).json()
    assert status["windows_overdue"] == 1
    assert await office.finished_windows() == []
    # Sent anew, it goes on where it was.
    await office.publish(office.school())
    await office.turn_to(CLOSE + timedelta(hours=2))
    await eventually(office.weeks_there, [("2026-W43", 1, 0)])
    await eventually(problems, [])


async def test_after_a_start_windows_wait_for_events_on_their_way(closed_office: Office) -> None:
    office = closed_office
    await office.start(event_lag=timedelta(minutes=1))
    await office.publish(office.school())
    await eventually(lambda: due(office), [("2026-W43", CLOSE + timedelta(minutes=1))])
    await office.stop()
    office.clock.now = CLOSE + timedelta(hours=5)
    await office.start(event_lag=timedelta(minutes=1))
    await eventually(office.leads, True)
    await office.turn_to(CLOSE + timedelta(hours=5, seconds=59))
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


async def test_a_school_chooses_when_its_weeks_close(office: Office) -> None:
    answer = await office.change(closes="thursday 15:30")
    assert (answer["closes"], answer["effective_closes"], answer["next_close"]) == (
        "thursday 15:30",
        "thursday 15:30",
        "2026-10-22T02:30:00Z",
    )
    thursday = datetime(2026, 10, 22, 2, 30, tzinfo=CLOSE.tzinfo)
    assert await due(office) == [("2026-W43", thursday)]
    # News of the school change nothing of it.
    office.clock.now = MONDAY + timedelta(hours=1)
    await office.publish(office.school(), office.crossed())
    assert await due(office) == [("2026-W43", thursday)]
    await office.turn_to(thursday)
    await eventually(office.weeks_there, [("2026-W43", 1, 1)])
    # On Thursday evening it wants Fridays again: this week has had its say, the next closes on Friday.
    assert (await office.change(closes=None))["next_close"] == "2026-10-23T05:00:00Z"
    await office.turn_to(CLOSE)
    await eventually(lambda: due(office), [("2026-W44", CLOSE + WEEK)])
    assert await office.weeks_there() == [("2026-W43", 1, 1)]


async def test_a_school_that_joins_in_mid_term_says_all_before_with_its_first_upload_and_no_nil_returns(office: Office) -> None:
    # Its events are older than its calendar: three weeks of them.
    for week in range(3):
        office.clock.now = MONDAY + week * WEEK
        await office.publish(office.crossed(str(week), school="0189"))
    office.clock.now = MONDAY + 3 * WEEK
    await office.publish(office.school("0189"))
    assert await due(office, "0189") == [("2026-W46", CLOSE + 3 * WEEK)]
    await office.turn_to(CLOSE + 3 * WEEK)
    await eventually(lambda: office.weeks_there("0189"), [("2026-W46", 1, 3)])


async def test_settings_that_were_changed_while_nobody_led_move_the_windows(office: Office) -> None:
    await office.publish(office.school("0189", timezone="Pacific/Chatham"))
    await office.stop()
    await office.start(window_closes="wednesday 12:00")
    wednesday = datetime(2026, 10, 20, 23, tzinfo=CLOSE.tzinfo)
    await eventually(lambda: due(office), [("2026-W43", wednesday)])
    await eventually(lambda: due(office, "0189"), [("2026-W43", wednesday - timedelta(minutes=45))])


async def test_a_broken_chain_is_mended(office: Office) -> None:
    await office.stop()
    await office.sql("DELETE FROM moe_sync.windows")
    await office.start()
    await eventually(lambda: due(office), [("2026-W43", CLOSE)])


async def test_weeks_in_which_the_clocks_change(closed_office: Office) -> None:
    office = closed_office
    autumn = TermDates("2026-T1", date(2026, 1, 28), date(2026, 4, 24))
    spring = TermDates("2026-T3", date(2026, 7, 20), date(2026, 10, 9))
    office.clock.now = datetime(2026, 3, 30, tzinfo=CLOSE.tzinfo)
    await office.start()
    both = (("0999", "Pacific/Auckland"), ("0189", "Pacific/Chatham"))
    await office.publish(*(office.school(number, timezone=zone, terms=[autumn, spring]) for number, zone in both))
    # The clocks go back on Sunday 5 April and forward on Sunday 27 September 2026; a close stays at 18:00 on the wall.
    expected = {
        "2026-W14": datetime(2026, 4, 3, 5, tzinfo=CLOSE.tzinfo),
        "2026-W15": datetime(2026, 4, 10, 6, tzinfo=CLOSE.tzinfo),
        "2026-W39": datetime(2026, 9, 25, 6, tzinfo=CLOSE.tzinfo),
        "2026-W40": datetime(2026, 10, 2, 5, tzinfo=CLOSE.tzinfo),
    }
    for week in [f"2026-W{number}" for number in (*range(14, 18), *range(30, 42))]:
        for number, early in (("0999", timedelta(0)), ("0189", timedelta(minutes=45))):
            await eventually(lambda number=number: _weeks(office, number), [week])
            (found,) = await due(office, number)
            if week in expected:
                assert found == (week, expected[week] - early)
        (close,) = [moment for _, moment in await due(office)]
        await office.turn_to(close)
    weeks = [(f"2026-W{number}", 1, 0) for number in (*range(14, 18), *range(30, 42))]
    await eventually(office.weeks_there, weeks)
    there = await office.at_ministry()
    assert [upload["created_at"][10:] for upload in there] == ["T18:00:00+13:00"] + ["T18:00:00+12:00"] * 13 + ["T18:00:00+13:00"] * 2


async def _weeks(office: Office, school: str) -> list[str]:
    return [week for week, _ in await due(office, school)]
