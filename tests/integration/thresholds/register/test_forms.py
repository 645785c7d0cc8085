"""The two forms of a stored row: that of the release 0.1.0, and the one with the latest place first, beside each other."""

from datetime import date, timedelta

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.thresholds.register import packed_row
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import RowKey
from shared.db.errors import sqlstate_of
from shared.db.finishing import OlderReleaseError, finish
from tests.integration.thresholds.conftest import NOW, Heart, absences

FINISHED = {"thresholds": (rows.NEWEST_FIRST,)}
KEY = RowKey("0999", "2026-T4", "1")

SAVE_OF_0_1_0 = """
    INSERT INTO register (school, term, student, marks, absent_half_days, level)
    SELECT * FROM unnest(
        CAST(:schools AS text[]), CAST(:terms AS text[]), CAST(:students AS text[]),
        CAST(:marks AS bytea[]), CAST(:absent_half_days AS smallint[]), CAST(:levels AS smallint[])
    )
    ON CONFLICT (school, term, student) DO UPDATE
        SET marks = excluded.marks, absent_half_days = excluded.absent_half_days, level = excluded.level
"""


async def stored(heart: Heart, student: str = "1") -> tuple[bytes | None, bytes | None]:
    (row,) = await heart.rows(f"SELECT marks, newest_first FROM register WHERE student = '{student}'")
    return row.marks, row.newest_first


def days(packed: bytes) -> list[date]:
    """The days of a row's entries, as they stand in it."""
    return [packed_row.date_of(packed_row.day_of(packed[at : at + 17])) for at in range(0, len(packed), 17)]


async def test_a_new_database_has_the_latest_place_first(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(4))
    before, after = await stored(heart)
    assert before is None
    assert days(after or b"") == [date(2026, 10, 13), date(2026, 10, 13), date(2026, 10, 12), date(2026, 10, 12)]


async def test_until_the_step_is_finished_the_last_release_can_read_what_is_written(heart: Heart) -> None:
    await heart.unfinished()
    await heart.school()
    await heart.post(absences(3))
    await heart.post(absences(1, first=3))
    before, after = await stored(heart)
    assert after is None
    assert days(before or b"") == [date(2026, 10, 12), date(2026, 10, 12), date(2026, 10, 13), date(2026, 10, 13)]


async def test_rows_of_both_forms_count_alike_and_are_written_anew_when_touched(heart: Heart, database_url: str) -> None:
    await heart.unfinished()
    await heart.school()
    await heart.post([*absences(9), *absences(12, student="2")])
    old = await stored(heart, "2")
    await finish(database_url, FINISHED)
    await heart.post(absences(1, first=9))
    assert [form is None for form in await stored(heart)] == [True, False]
    assert await stored(heart, "2") == old
    assert await heart.said() == [("up", 5, 1), ("up", 5, 1)]

    async with heart.engine.connect() as connection:
        found = await rows.of_terms(connection, "0999", ["2026-T4"])
        packed = await rows.marks(connection, "0999", "2026-T4", None)
    assert {key.student: (row.absent_half_days, len(list(packed_row.unpack(row.marks)))) for key, row in found.items()} == {
        "1": (10, 10),
        "2": (12, 12),
    }
    for row in packed.values():
        assert days(row) == sorted(days(row), reverse=True)

    # A calendar that closes the first day folds both forms again.
    await heart.school(closed_days=[date(2026, 10, 12)], updated_at=NOW + timedelta(seconds=1))
    assert [tuple(row) for row in await heart.rows("SELECT absent_half_days FROM register ORDER BY student")] == [(8,), (10,)]
    assert await heart.said() == [("up", 5, 1), ("up", 5, 1), ("down", 5, 1)]


async def test_the_last_release_can_neither_read_nor_overwrite_a_row_of_the_new_form(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(10))
    before = await stored(heart)
    # Nothing where it looks, so that none of its rules can count the row as empty.
    assert (await heart.rows("SELECT marks, absent_half_days, level FROM register"))[0].marks is None
    saved = {"schools": ["0999"], "terms": ["2026-T4"], "students": ["1"], "marks": [b""], "absent_half_days": [0], "levels": [0]}
    with pytest.raises(IntegrityError) as refused:
        async with heart.engine.begin() as connection:
            await connection.execute(text(SAVE_OF_0_1_0), saved)
    assert sqlstate_of(refused.value) == "23514"
    assert await stored(heart) == before
    # Rows that it makes are read.
    async with heart.engine.begin() as connection:
        await connection.execute(
            text(SAVE_OF_0_1_0),
            saved | {"students": ["2"], "marks": [packed_row.turned(before[1] or b"")], "absent_half_days": [10], "levels": [1]},
        )
        found = await rows.get(connection, KEY._replace(student="2"))
    assert found is not None
    assert found.marks == before[1]


async def test_sessions_of_another_release_stand_in_the_way_of_finishing(heart: Heart, database_url: str) -> None:
    await heart.unfinished()
    last = await asyncpg.connect(database_url, server_settings={"application_name": "star-thresholds"})
    await heart.rows("SELECT 1")
    with pytest.raises(
        OlderReleaseError, match=rf"sessions of another release use thresholds: pid {last.get_server_pid()} \(star-thresholds\)"
    ):
        await finish(database_url, FINISHED)
    assert await heart.rows("SELECT * FROM finished_steps") == []
    await last.close()
    assert await finish(database_url, FINISHED) == ["thresholds newest-first"]
    assert await finish(database_url, FINISHED) == []


@pytest.mark.parametrize("first_morning", [20, 40, 60])
async def test_a_mark_logs_its_own_bytes_and_not_the_row(heart: Heart, first_morning: int) -> None:
    lsn = text("SELECT pg_current_wal_insert_lsn() - '0/0'")
    await heart.school()
    students = [str(number) for number in range(200)]
    for half_day in range(0, first_morning, 10):
        await heart.post([mark for student in students for mark in absences(10, student=student, code="P", first=half_day)])
    logged = []
    async with heart.engine.connect() as connection:
        for half_day in range(first_morning, first_morning + 8):
            before = (await connection.execute(lsn)).scalar_one()
            await connection.commit()
            await heart.post([mark for student in students for mark in absences(1, student=student, code="P", first=half_day)])
            logged.append((await connection.execute(lsn)).scalar_one() - before)
            await connection.commit()
    # The first change of a page after a checkpoint logs the page, and a row that has outgrown its page moves: not each time. 78 bytes say
    # which row it is, the mark has 17, today's halves and what stands between them and the mark have up to 32.
    assert min(logged) / len(students) < 180
