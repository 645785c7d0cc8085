"""A calendar, timetable or setting that changes folds the school's rows again; crossings and retractions follow."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text

from services.thresholds.crossings.handler import MarksHandler
from services.thresholds.recalculation.task import RecalculationTask
from shared.events.data import DatedTimetable, Mark, TermDates, TimetableSlot
from tests.integration.thresholds.conftest import FIRST_DAY, NOW, Heart, absences
from tests.support.applied import Applied

LATER = NOW + timedelta(minutes=1)
T4 = TermDates("2026-T4", FIRST_DAY, date(2026, 12, 18))


async def totals(heart: Heart) -> dict[tuple[str, str], int]:
    rows = await heart.rows("SELECT term, student, absent_half_days FROM register")
    return {(row.term, row.student): row.absent_half_days for row in rows}


async def test_a_public_holiday_does_not_count_unless_the_school_says_it_was_open(heart: Heart) -> None:
    labour_day = [Mark(student="1", date=date(2026, 10, 26), recorded_at=NOW, session="AM", code="M")]
    await heart.school()
    await heart.post(labour_day)
    assert await totals(heart) == {("2026-T4", "1"): 0}
    await heart.school(open_days=[date(2026, 10, 26)], updated_at=LATER)
    assert await totals(heart) == {("2026-T4", "1"): 1}


async def test_the_regions_anniversary_day_is_closed(heart: Heart) -> None:
    friday = [Mark(student="1", date=date(2026, 11, 13), recorded_at=NOW, session="AM", code="M")]
    await heart.school(region="Auckland")
    await heart.post(friday)
    assert await totals(heart) == {("2026-T4", "1"): 1}
    await heart.school(region="NZ-CAN", updated_at=LATER)
    assert await totals(heart) == {("2026-T4", "1"): 0}


async def test_marks_move_with_their_days_when_a_terms_dates_change(heart: Heart) -> None:
    await heart.school(
        terms=[TermDates("2026-T3", date(2026, 7, 20), date(2026, 10, 14)), TermDates("2026-T4", date(2026, 10, 15), T4.end)]
    )
    await heart.post(absences(10))
    assert await totals(heart) == {("2026-T3", "1"): 6, ("2026-T4", "1"): 4}
    await heart.school(terms=[TermDates("2026-T3", date(2026, 7, 20), date(2026, 9, 25)), T4], updated_at=LATER)
    assert await totals(heart) == {("2026-T3", "1"): 0, ("2026-T4", "1"): 10}
    assert await heart.said() == [("up", 5, 1)]


async def test_a_school_that_sends_only_the_new_year_keeps_the_old_one(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(10))
    await heart.school(terms=[TermDates("2027-T1", date(2027, 2, 1), date(2027, 4, 9))], updated_at=LATER)
    assert await totals(heart) == {("2026-T4", "1"): 10}
    assert await heart.said() == [("up", 5, 1)]


async def test_a_timetable_changes_the_totals_of_its_days_only(heart: Heart) -> None:
    long = [TimetableSlot(number, f"Period {number}", 60) for number in range(1, 6)]
    short = [TimetableSlot(number, f"Period {number}", 75) for number in range(1, 5)]
    marks = [Mark(student="1", date=day, recorded_at=NOW, slot=1, code="M") for day in (FIRST_DAY, date(2026, 10, 19))]
    await heart.school(slots=long)
    await heart.post(marks)
    assert await totals(heart) == {("2026-T4", "1"): 0}
    await heart.school(slots=long, timetables=[DatedTimetable(date(2026, 10, 19), short)], updated_at=LATER)
    assert await totals(heart) == {("2026-T4", "1"): 1}


async def test_blanks_count_from_the_first_mark_to_the_last_day_that_has_ended(heart: Heart) -> None:
    # It is Friday the 20th of November, three in the afternoon: Thursday has ended, Friday has not.
    present = [Mark(student="1", date=date(2026, 11, 17), recorded_at=NOW, session="AM", code="P")]
    await heart.school()
    await heart.post(present)
    assert await totals(heart) == {("2026-T4", "1"): 0}
    await heart.school(blanks_are_truant=True, updated_at=LATER)
    assert await totals(heart) == {("2026-T4", "1"): 5}
    await heart.school(updated_at=LATER + timedelta(seconds=1))
    assert await totals(heart) == {("2026-T4", "1"): 0}


async def test_a_recalculation_goes_on_where_it_was_killed(heart: Heart) -> None:
    await heart.school()
    for number in range(3):
        await heart.post([mark for student in range(250) for mark in absences(10, student=f"{number}-{student}")])
    assert len(await heart.said()) == 750

    (task,) = heart.worklist._tasks.values()
    assert isinstance(task, RecalculationTask)
    chunk = RecalculationTask._chunk
    done: list[bool] = []

    async def once_then_die(self: RecalculationTask, recalculation_id: object) -> bool:
        if done:
            raise ConnectionError("killed")
        done.append(True)
        return await chunk(self, recalculation_id)  # type: ignore[arg-type]

    RecalculationTask._chunk = once_then_die  # type: ignore[method-assign,assignment]
    try:
        await heart.school(closed_days=[FIRST_DAY], updated_at=LATER)
    finally:
        RecalculationTask._chunk = chunk  # type: ignore[method-assign]
    (row,) = await heart.rows("SELECT state, rows_total, rows_done FROM recalculations")
    assert tuple(row) == ("running", 750, 500)
    async with heart.engine.begin() as connection:
        await connection.execute(text("UPDATE work SET due_at = created_at WHERE state = 'waiting'"))
    await heart.worklist.run_once()
    (row,) = await heart.rows("SELECT state, rows_done, crossings FROM recalculations")
    assert tuple(row) == ("done", 750, 750)
    assert set((await totals(heart)).values()) == {8}
    assert len(await heart.said()) == 1500


async def test_a_correction_keeps_what_it_was(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(1))
    await heart.post(absences(1, code="P", recorded_at=LATER))
    await heart.post(absences(1, code="P", recorded_at=LATER + timedelta(seconds=1)))
    await heart.post(absences(1, code=None, recorded_at=LATER + timedelta(seconds=2)))
    rows = await heart.rows("SELECT was, became, was_recorded_at, recorded_at, source FROM corrections ORDER BY recorded_at")
    codes = [(chr(62 + (row.was >> 10)), chr(62 + (row.became >> 10)) if row.became else None) for row in rows]
    assert codes == [("M", "P"), ("P", None)]
    assert rows[0].was_recorded_at == NOW
    assert rows[0].recorded_at == LATER
    assert rows[0].source == "test"


async def test_marks_of_the_past_arrive_while_a_calendar_is_unknown(heart: Heart) -> None:
    handler = heart.marks_handler
    impatient = Applied(heart.engine, MarksHandler(handler.dead_letters, lambda: NOW, folder=handler.folder, school_wait=timedelta(0)))
    await heart.school(terms=[TermDates("2026-T4", date(2026, 10, 19), T4.end)])
    await impatient([heart.roll(absences(2))])
    assert [row.reason for row in await heart.rows("SELECT reason FROM dead_letters WHERE state = 'kept'")] == ["outside-term"]
    await heart.school(terms=[T4], updated_at=datetime(2026, 11, 21, tzinfo=UTC))
    assert [row.state for row in await heart.rows("SELECT state FROM dead_letters")] == ["redriven"]


async def test_a_timetable_from_today_on_folds_only_what_opens_differently(heart: Heart) -> None:
    periods = [TimetableSlot(number, f"Period {number}", 60) for number in range(1, 6)]
    await heart.school(slots=periods)
    await heart.post([Mark("1", FIRST_DAY, NOW, slot=slot, code="T") for slot in (1, 2, 3)])
    lessons = [TimetableSlot(number, f"Lesson {number}", 75) for number in range(1, 5)]
    dated = DatedTimetable(NOW.date(), cycle=[lessons, periods])
    await heart.school(slots=periods, timetables=[dated], updated_at=NOW + timedelta(seconds=1))
    assert await heart.rows("SELECT absent_half_days FROM register") == [(1,)]
    # With three lessons of 75 minutes missed, less than two hours are left.
    await heart.school(slots=lessons, updated_at=NOW + timedelta(seconds=2))
    assert await heart.rows("SELECT absent_half_days FROM register") == [(2,)]
