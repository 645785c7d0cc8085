"""Marks become totals, totals cross thresholds, and each crossing is said once."""

from datetime import UTC, date, datetime, timedelta

from services.thresholds.crossings.handler import MarksHandler
from shared.bus.interface import Message
from shared.events.data import Mark, TermDates
from tests.integration.thresholds.conftest import FIRST_DAY, NOW, Heart, absences
from tests.support.applied import Applied


async def total(heart: Heart, student: str = "1") -> tuple[int, int]:
    (row,) = await heart.rows(f"SELECT absent_half_days, level FROM register WHERE student = '{student}'")
    return row.absent_half_days, row.level


async def records(heart: Heart) -> list[tuple[int, str, int, int, date]]:
    rows = await heart.rows("SELECT threshold, status, sequence, absent_half_days, crossed_on FROM star_records ORDER BY threshold")
    return [tuple(row) for row in rows]


async def test_nine_half_days_are_green_and_ten_cross(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(9))
    assert await total(heart) == (9, 0)
    assert await heart.said() == []
    await heart.post(absences(1, first=9))
    assert await total(heart) == (10, 1)
    assert await heart.said() == [("up", 5, 1)]
    assert await records(heart) == [(5, "open", 1, 10, date(2026, 10, 16))]


async def test_a_jump_says_every_threshold_it_passes(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(31))
    assert await heart.said() == [("up", 5, 1), ("up", 10, 1), ("up", 15, 1)]
    assert [record[3] for record in await records(heart)] == [31, 31, 31]
    assert [record[4] for record in await records(heart)] == [date(2026, 10, 16), date(2026, 10, 23), date(2026, 11, 2)]


async def test_a_correction_retracts_and_a_new_absence_reopens(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(10))
    later = NOW + timedelta(minutes=1)
    await heart.post(absences(1, code="P", recorded_at=later))
    assert (await records(heart))[0][1] == "withdrawn"
    await heart.post(absences(1, first=10, recorded_at=later))
    assert await heart.said() == [("up", 5, 1), ("down", 5, 1), ("up", 5, 2)]
    assert await records(heart) == [(5, "open", 2, 10, date(2026, 10, 19))]


async def test_a_mark_that_is_taken_back_counts_no_more_and_an_older_repeat_does_not_bring_it_back(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(10))
    await heart.post(absences(1, code=None, recorded_at=NOW + timedelta(seconds=1)))
    await heart.post(absences(10))
    assert await total(heart) == (9, 0)
    assert await heart.said() == [("up", 5, 1), ("down", 5, 1)]


async def test_repeats_say_nothing(heart: Heart) -> None:
    await heart.school()
    message = heart.roll(absences(10))
    await heart.marks_handler([message])
    await heart.marks_handler([message, message])
    await heart.post(absences(10))
    assert await heart.said() == [("up", 5, 1)]


async def test_a_rise_and_fall_inside_one_batch_is_no_crossing(heart: Heart) -> None:
    await heart.school()
    up, down = heart.roll(absences(10)), heart.roll(absences(1, code="P", recorded_at=NOW + timedelta(seconds=1)))
    await heart.marks_handler([up, down])
    assert await total(heart) == (9, 0)
    assert await heart.said() == []


async def test_a_second_term_starts_at_nought(heart: Heart) -> None:
    await heart.school(
        terms=[TermDates("2026-T3", date(2026, 7, 20), date(2026, 9, 25)), TermDates("2026-T4", FIRST_DAY, date(2026, 12, 18))]
    )
    await heart.post(absences(9))
    third_term = [Mark(student="1", date=date(2026, 7, 20), recorded_at=NOW, session=mark.session, code="M") for mark in absences(2)]
    await heart.post(third_term)
    rows = await heart.rows("SELECT term, absent_half_days FROM register ORDER BY term")
    assert [tuple(row) for row in rows] == [("2026-T3", 2), ("2026-T4", 9)]


async def test_marks_of_an_unknown_school_wait_and_then_go_to_the_dead_letters(heart: Heart) -> None:
    handler = heart.marks_handler
    patient = heart.roll(absences(10), school="0100")
    assert dict(await handler([patient])) == {patient.source: patient.offset}
    assert await heart.rows("SELECT * FROM dead_letters") == []

    impatient = Applied(heart.engine, MarksHandler(handler.dead_letters, lambda: NOW, folder=handler.folder, school_wait=timedelta(0)))
    assert dict(await impatient([patient])) == {}
    (letter,) = await heart.rows("SELECT reason, school, count FROM dead_letters WHERE state = 'kept'")
    assert tuple(letter) == ("unknown-school", "0100", 10)


async def test_dead_letters_of_a_school_are_published_again_when_it_arrives(heart: Heart) -> None:
    handler = heart.marks_handler
    impatient = Applied(heart.engine, MarksHandler(handler.dead_letters, lambda: NOW, folder=handler.folder, school_wait=timedelta(0)))
    await impatient([heart.roll(absences(10), school="0100")])
    await heart.school("0100")
    assert [row.state for row in await heart.rows("SELECT state FROM dead_letters")] == ["redriven"]
    (row,) = await heart.rows("SELECT count(*) AS n FROM outbox WHERE topic = 'star.marks.v1'")
    assert row.n == 1


async def test_what_stands_behind_a_waiting_message_waits_too_and_other_partitions_do_not(heart: Heart) -> None:
    await heart.school()
    before, unknown, behind = heart.roll(absences(2)), heart.roll(absences(2), school="0100"), heart.roll(absences(4))
    held = dict(await heart.marks_handler([before, unknown, behind]))
    assert held == {unknown.source: unknown.offset}
    assert await total(heart) == (2, 0)


async def test_days_that_become_closed_count_no_more_and_count_again_when_reopened(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(11))
    await heart.school(closed_days=[FIRST_DAY], updated_at=NOW + timedelta(seconds=1))
    assert await total(heart) == (9, 0)
    await heart.school(updated_at=NOW + timedelta(seconds=2))
    assert await total(heart) == (11, 1)
    assert await heart.said() == [("up", 5, 1), ("down", 5, 1), ("up", 5, 2)]


async def test_a_poison_record_does_not_stop_the_rest(heart: Heart) -> None:
    await heart.school()
    poison = Message("star.marks.v1", 0, 998, b"0999", b"{not json", ())
    await heart.marks_handler([poison, heart.roll(absences(10))])
    assert await total(heart) == (10, 1)
    (letter,) = await heart.rows('SELECT reason, "offset" FROM dead_letters')
    assert tuple(letter) == ("not-an-event", 998)


async def test_marks_outside_every_term_are_kept_as_dead_letters_with_their_payload(heart: Heart) -> None:
    await heart.school()
    stray = Mark(student="1", date=date(2026, 1, 5), recorded_at=NOW, session="AM", code="M")
    await heart.post([stray, *absences(2)])
    assert await total(heart) == (2, 0)
    (letter,) = await heart.rows("SELECT reason, count, value FROM dead_letters")
    assert (letter.reason, letter.count) == ("outside-term", 1)
    assert b"2026-01-05" in letter.value


async def test_codes_that_are_no_letter_become_dead_letters(heart: Heart) -> None:
    await heart.school()
    odd = [Mark(student="1", date=FIRST_DAY, recorded_at=NOW, session="AM", code=code) for code in ("MM", "", "é", "m")]
    await heart.post([*odd, *absences(1)])
    assert [tuple(row) for row in await heart.rows("SELECT reason, count FROM dead_letters")] == [("bad-mark", 4)]
    assert [row.absent_half_days for row in await heart.rows("SELECT absent_half_days FROM register")] == [1]


async def test_times_that_no_register_can_hold_become_dead_letters(heart: Heart) -> None:
    await heart.school()
    for year in (1969, 4500):
        await heart.post([*absences(1, recorded_at=datetime(year, 1, 1, tzinfo=UTC)), *absences(1, first=1)])
    assert [tuple(row) for row in await heart.rows("SELECT reason, count FROM dead_letters")] == [("bad-mark", 1)] * 2


async def test_a_roll_without_marks_is_nothing_to_wait_for(heart: Heart) -> None:
    assert await heart.post([], school="0100") == {}
    await heart.school("0100")
    assert await heart.post([], school="0100") == {}
    assert await heart.rows("SELECT * FROM dead_letters") == []
