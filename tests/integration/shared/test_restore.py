"""The restore drill: the database goes back to a backup, the bus is ahead, and every group finds its way to the same totals by itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import StudentUpdated
from shared.identifiers import student_id
from tests.integration.shared.conftest import Sql
from tests.support.absences import NOW, SCHEMAS, STUDENTS, Scene, expected
from tests.support.dumps import dump, restore
from tests.support.kafka import kafka_broker
from tests.support.polling import eventually

__all__ = ["kafka_broker"]

SENDS_NUMBERS = "INSERT INTO moe_sync.preferences (school, nsn, updated_at, updated_by) VALUES ($1, true, now(), 'test')"


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
async def scene(request: pytest.FixtureRequest, database_url: str, sql: Sql, tmp_path: Path) -> AsyncIterator[Scene]:
    settings: dict[str, Any] = {"data": tmp_path, "database_url": database_url, "bus": request.param, "kafka_partitions": 2}
    if request.param == "kafka":
        settings["kafka_bootstrap"] = request.getfixturevalue("kafka_broker").bootstrap
    async with Scene.opened(settings, sql) as scene:
        yield scene


async def test_a_restored_database_finds_its_way_to_the_same_totals(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    await scene.open_school()
    async with scene.workers():
        await scene.absences(0, 4)
        await eventually(scene.totals, expected(4, known=False))
        await scene.sql(SENDS_NUMBERS, scene.school)
        await dump(scene.settings["database_url"], SCHEMAS, file)

        for student in STUDENTS:
            identity = student_id(scene.school, student)
            data = StudentUpdated(
                school=scene.school, student=student, student_id=identity, given_name="A", family_name="B", nsn=student, updated_at=NOW
            )
            await scene.say(STUDENT_UPDATED, str(identity), data)
        await scene.absences(4, 11)
        await eventually(scene.totals, expected(15, known=True))

    await restore(scene.settings["database_url"], SCHEMAS, file)
    assert await scene.totals() == expected(4, known=False)

    async with scene.workers():
        await eventually(scene.totals, expected(15, known=True))
    assert await scene.gaps() == {}
    # The bus knew of more than the dump: letters that may have left meanwhile wait for a person.
    found = await scene.sql("SELECT DISTINCT topic FROM notifier.restores WHERE consumer_group = 'notifier.crossings'")
    assert [row["topic"] for row in found] == ["star.crossings.v1"]
