"""Marks that change no count go to the head of their row; repeats write nothing; both leave what whole rows give."""

from collections.abc import Collection
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.proof.verifying import verify
from services.thresholds.register import packed_row
from services.thresholds.register.repository import heads, rows
from services.thresholds.register.repository.heads import Head
from services.thresholds.register.repository.rows import RowKey
from shared.attendance.codes import CodeTable
from shared.events.data import Mark
from tests.integration.thresholds.conftest import NOW, Heart, absences

CODES = CodeTable.load()
STUDENTS = ("1", "2", "3")


async def versions(heart: Heart) -> list[tuple[str, str]]:
    """The transaction that wrote each row, by student."""
    return [tuple(row) for row in await heart.rows("SELECT student, xmin::text FROM register ORDER BY student")]


async def places(heart: Heart, student: str = "1") -> list[tuple[str, str | None]]:
    """The marks of a row by place."""
    async with heart.engine.connect() as connection:
        packed = await rows.marks(connection, "0999", "2026-T4", [student])
    return [(f"{entry.day} {entry.session}", entry.code) for entry in packed_row.unpack(packed[student])]


async def totals(heart: Heart) -> dict[str, int]:
    return {
        row.student: row.absent_half_days for row in await heart.rows("SELECT student, absent_half_days FROM register ORDER BY student")
    }


async def differences(heart: Heart) -> list[str]:
    return [found.what async for result in verify(heart.engine, CODES, NOW) for found in result.differences]


def everybody(count: int, code: str, first: int, second: int = 0) -> list[Mark]:
    at = NOW + timedelta(seconds=second)
    return [mark for student in STUDENTS for mark in absences(count, student=student, code=code, first=first, recorded_at=at)]


async def test_marks_of_every_kind_on_long_rows_leave_what_the_oracle_gives(heart: Heart) -> None:
    await heart.school()
    await heart.post(everybody(30, "P", 0))
    # At the head, in one post and in several; behind the head; corrections at the head, to an absence and back.
    await heart.post(everybody(3, "P", 30))
    await heart.post([*absences(1, student="1", first=33, code="L"), *absences(1, student="2", first=33, code="M")])
    await heart.post(absences(1, student="3", first=2, code="M", recorded_at=NOW + timedelta(seconds=1)))
    await heart.post(absences(1, student="1", first=33, code="T", recorded_at=NOW + timedelta(seconds=2)))
    assert await totals(heart) == {"1": 1, "2": 1, "3": 1}
    assert await differences(heart) == []
    await heart.post(absences(1, student="1", first=33, code="P", recorded_at=NOW + timedelta(seconds=3)))
    # An older word about the head changes nothing, and one that takes a present mark back leaves its place.
    await heart.post(absences(1, student="1", first=33, code="M", recorded_at=NOW + timedelta(seconds=2)))
    await heart.post(absences(1, student="1", first=32, code=None, recorded_at=NOW + timedelta(seconds=3)))
    assert await totals(heart) == {"1": 0, "2": 1, "3": 1}
    assert await differences(heart) == []
    found = await places(heart)
    assert len(found) == 34
    assert [code for _, code in found[-3:]] == ["P", None, "P"]
    assert [place for place, _ in found] == sorted(place for place, _ in found)
    corrected = await heart.rows("SELECT student, was, became FROM corrections ORDER BY student, recorded_at")
    assert [(row.student, packed_row.code_of(row.was), packed_row.code_of(row.became)) for row in corrected] == [
        ("1", "L", "T"),
        ("1", "T", "P"),
        ("1", "P", None),
        ("3", "P", "M"),
    ]


async def test_a_roll_that_is_received_again_writes_no_row(heart: Heart) -> None:
    await heart.school()
    await heart.post(everybody(30, "P", 0))
    await heart.post(everybody(12, "M", 30))
    before, crossings = await versions(heart), await heart.said()
    heart.now += timedelta(hours=1)
    await heart.post(everybody(12, "M", 30))
    await heart.post(everybody(30, "P", 0))
    assert await versions(heart) == before
    # Recorded anew it is a newer word, whatever it says.
    await heart.post(everybody(1, "M", 41, second=1))
    assert [student for (student, is_), (_, was) in zip(await versions(heart), before, strict=True) if is_ != was] == list(STUDENTS)
    assert await heart.said() == crossings


async def test_of_words_recorded_at_one_moment_the_last_received_counts(heart: Heart) -> None:
    await heart.school()
    for minutes, code in enumerate(("P", "P", "M", "P", "M", "M")):
        heart.now = NOW + timedelta(minutes=minutes)
        await heart.post(absences(1, code=code))
    assert await totals(heart) == {"1": 1}
    assert await places(heart) == [("2026-10-12 AM", "M")]


async def test_a_row_that_was_moved_without_the_lock_gets_its_marks_all_the_same(heart: Heart, monkeypatch: pytest.MonkeyPatch) -> None:
    await heart.school()
    await heart.post(everybody(30, "P", 0))
    load = heads.load

    async def and_move(connection: AsyncConnection, keys: Collection[RowKey]) -> list[Head | None] | None:
        found = await load(connection, keys)
        await connection.execute(text("UPDATE register SET level = level WHERE student = '2'"))
        return found

    monkeypatch.setattr(heads, "load", and_move)
    await heart.post(everybody(2, "P", 30))
    for student in STUDENTS:
        assert len(await places(heart, student)) == 32
    assert await differences(heart) == []


async def test_schools_whose_blanks_count_are_folded_whole(heart: Heart) -> None:
    await heart.school(blanks_are_truant=True)
    await heart.post(absences(1, code="P"))
    before = await totals(heart)
    # The blank half of the first day becomes present, and all days since are still blank.
    await heart.post(absences(1, code="P", first=1))
    assert (await totals(heart))["1"] == before["1"] - 1
    assert await differences(heart) == []


async def test_a_school_that_closes_while_marks_flow_counts_them_once_it_is_folded(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(10))
    await heart.school(closed_days=[date(2026, 10, 12)], updated_at=NOW + timedelta(seconds=1))
    await heart.post(absences(1, code="P", first=10))
    assert await totals(heart) == {"1": 8}
    assert await differences(heart) == []
