"""The days beside the rows: written with the marks, not beside the last release's workers, and kept anew once those have gone."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from services.thresholds.proof.verifying import verify
from services.thresholds.recalculation import days_to_keep
from services.thresholds.recalculation.days_to_keep import DaysToKeep
from services.thresholds.register.folding import Folder
from services.thresholds.register.kept_days import KeptDays
from services.thresholds.register.repository import rows
from shared.attendance.codes import CodeTable
from shared.db.finishing import finish
from shared.events.data import Mark, TermDates, VendorCount
from tests.integration.thresholds.conftest import FIRST_DAY, NOW, Heart, absences

CODES = CodeTable.load()
FOLDER = Folder(CODES)

LAST_RELEASE: str = """
    INSERT INTO register (school, term, student, marks, absent_half_days, level)
    SELECT school, term, student, marks, absent_half_days, level FROM register
    ON CONFLICT (school, term, student) DO UPDATE
        SET marks = substr(excluded.marks, 18), absent_half_days = excluded.absent_half_days - 1, level = excluded.level
"""
"""The last release's statement, as it takes away a mark of each row."""


async def kept(heart: Heart) -> dict[str, bool]:
    return {row.student: row.days_kept for row in await heart.rows("SELECT student, days_kept FROM register ORDER BY student")}


async def days(heart: Heart) -> list[KeptDays]:
    return [KeptDays(row.days) for row in await heart.rows("SELECT days FROM register WHERE days_kept ORDER BY student")]


async def differences(heart: Heart) -> list[str]:
    return [found.what async for result in verify(heart.engine, CODES, NOW) for found in result.differences]


async def keep_all(heart: Heart) -> None:
    keeper = DaysToKeep(heart.engine, FOLDER, clock=lambda: NOW)
    after = await keeper.keep_some(None)
    while after is not None:
        after = await keeper.keep_some(after)


async def test_they_are_written_with_the_marks(heart: Heart) -> None:
    await heart.school()
    await heart.post([*absences(3), *absences(1, student="2", code="P")])
    one, two = await days(heart)
    assert (one.missed[:3], one.missed.count(0), one.column[2], one.packed_causes) == (b"\x03\x01\x00", 66, 15, bytes([15, 3]))
    assert (two.missed, two.causes(CODES)) == (bytes(68), ())
    assert (two.halves[:2].count(0), two.halves[2:]) == (0, bytes(134))
    await heart.post(absences(3, code=None, recorded_at=NOW + timedelta(seconds=1)))
    one, _ = await days(heart)
    assert (one.missed, one.causes(CODES), await differences(heart)) == (bytes(68), (), [])


async def test_none_are_kept_beside_the_last_release_and_all_once_it_has_gone(heart: Heart, database_url: str) -> None:
    await heart.unfinished()
    await heart.school()
    await heart.post([*absences(3), *absences(4, student="2")])
    await keep_all(heart)
    assert await kept(heart) == {"1": False, "2": False}
    async with heart.engine.begin() as connection:
        await connection.execute(text(LAST_RELEASE))
    assert await differences(heart) == []
    await finish(database_url, {"thresholds": (rows.NEWEST_FIRST,)})
    await heart.post(absences(1, student="2", code="T", recorded_at=NOW + timedelta(seconds=1), first=5))
    assert await kept(heart) == {"1": False, "2": True}
    await keep_all(heart)
    assert await kept(heart) == {"1": True, "2": True}
    assert await differences(heart) == []


async def test_rows_of_all_schools_are_brought_up_a_few_at_a_time(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days_to_keep, "AT_ONCE", 2)
    for school in ("0999", "1000"):
        await heart.school(school, blanks_are_truant=school == "1000")
        await heart.post([mark for student in "12345" for mark in absences(int(student), student=student)], school)
    async with heart.engine.begin() as connection:
        await connection.execute(text("UPDATE register SET days_kept = false, days = NULL"))
        # A row of a term that the school no longer has stays as it is, and is in nobody's way.
        await connection.execute(text("UPDATE register SET term = '2025-T1' WHERE student = '3' AND school = '0999'"))
    await keep_all(heart)
    left = await heart.rows("SELECT school, student FROM register WHERE NOT days_kept")
    assert [tuple(row) for row in left] == [("0999", "3")]
    assert await differences(heart) == []


async def test_days_that_were_tampered_with_are_found(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(3))
    # A half day more, a `?`, another half, another count of the cause, another term's length.
    for at, value in ((9, 1), (72, 9), (84, 9), (82, 2), (1, 67)):
        async with heart.engine.begin() as connection:
            await connection.execute(text(f"UPDATE register SET days = set_byte(days, {at}, {value})"))
        (found,) = await differences(heart)
        assert found.startswith("the days kept beside the marks miss")
        async with heart.engine.begin() as connection:
            await connection.execute(text("UPDATE register SET days_kept = false"))
        await keep_all(heart)
        assert await differences(heart) == []


async def test_another_class_of_a_code_is_another_cause_of_a_counted_day(heart: Heart) -> None:
    await heart.school()
    marks = [
        Mark("1", FIRST_DAY, NOW, session="AM", code="E"),
        Mark("1", FIRST_DAY, NOW, half_days=VendorCount(0, 1, 1)),
    ]
    await heart.post(marks)
    (before,) = await days(heart)
    await heart.school(code_classes={"E": "justified"}, updated_at=NOW + timedelta(seconds=1))
    (after,) = await days(heart)
    assert (before.packed_causes, after.packed_causes) == (bytes([30, 1]), bytes([7, 1]))
    assert await differences(heart) == []


async def test_a_term_that_is_moved_takes_its_days_along(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(4))
    await heart.school(
        terms=[TermDates("2026-T4", FIRST_DAY - timedelta(days=7), date(2026, 12, 11))], updated_at=NOW + timedelta(seconds=1)
    )
    (moved,) = await days(heart)
    assert (moved.length, moved.missed[:9]) == (68, bytes(7) + b"\x03\x03")
    assert await differences(heart) == []
