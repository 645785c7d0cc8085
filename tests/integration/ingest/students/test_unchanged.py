"""A roster that is sent again unchanged costs a comparison: no row is written, and nothing is published."""

from typing import Any

import pytest
from sqlalchemy import text

from shared.db.engine import create_engine
from tests.integration.ingest.conftest import Door

TERMS = {"name": "Example High", "terms": [{"term": "2026-T4", "start": "2026-10-12", "end": "2026-12-18"}]}
ANA: dict[str, Any] = {
    "student": "1",
    "given_name": "Ana",
    "family_name": "Up",
    "year_level": 9,
    "groups": ["9A"],
    "nsn": "123456789",
    "caregivers": [{"name": "Pat Up", "email": "pat@example.org", "status": "Active", "notify": False}],
    "attends": {"mon": ["AM"]},
}
BEN: dict[str, Any] = {"student": "2", "given_name": "Ben", "family_name": "Up"}


async def written(door: Door) -> tuple[dict[str, str], int]:
    """The version of each stored row, and how many events were published or wait to be."""
    engine = create_engine(door.settings.database_url, "ingest", pool_size=1)
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT student, CAST(xmin AS text) AS version FROM students ORDER BY student"))
        versions = {row.student: row.version for row in rows}
        events = (await connection.execute(text("SELECT coalesce(max(id), 0) FROM outbox WHERE topic = 'star.students.v1'"))).scalar_one()
    await engine.dispose()
    return versions, int(events)


async def put(door: Door, *students: dict[str, Any]) -> None:
    answer = await door.send("PUT", "/v1/schools/0999/students", json={"students": list(students)})
    assert (answer.status_code, answer.json()["accepted"]) == (202, len(students)), answer.text


@pytest.fixture
async def known(door: Door) -> Door:
    """A door that has the two of them; nobody carries its outbox away."""
    (await door.send("PUT", "/v1/schools/0999", json=TERMS)).raise_for_status()
    await put(door, ANA, BEN)
    return door


async def test_the_same_students_again_write_nothing(known: Door) -> None:
    before = await written(known)
    await put(known, ANA, BEN)
    # Left out is as it was, and so is another spelling of the same number.
    await put(known, ANA | {"nsn": "0123456789"}, BEN)
    await put(known, {name: value for name, value in ANA.items() if name not in ("caregivers", "attends")})
    assert await written(known) == before


@pytest.mark.parametrize(
    "change",
    [
        {"given_name": "Anna"},
        {"groups": ["9B"]},
        {"nsn": None},
        {"caregivers": []},
        {"caregivers": [ANA["caregivers"][0] | {"notify": True}]},
        {"leaves_on": "2026-12-01"},
        {"attends": None},
    ],
)
async def test_whatever_changes_is_written_for_that_student_alone(known: Door, change: dict[str, Any]) -> None:
    versions, events = await written(known)
    await put(known, ANA | change, BEN)
    now, more = await written(known)
    assert now["2"] == versions["2"]
    assert now["1"] != versions["1"]
    assert more == events + 1


async def test_a_student_who_was_taken_off_comes_back_by_the_same_roster(known: Door) -> None:
    (await known.send("DELETE", "/v1/schools/0999/students/2")).raise_for_status()
    _, events = await written(known)
    await put(known, ANA, BEN)
    now, more = await written(known)
    assert (set(now), more) == ({"1", "2"}, events + 1)
