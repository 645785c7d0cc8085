"""A backup put in place beside a broker that is ahead of it, older, or empty: what `star restore` says comes true."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.backup.manifest import BackupError
from deploy.backup.restoring import Target, restore
from deploy.backup.taking import take
from deploy.cli.backup import said_of
from deploy.kafka.broker import KafkaBroker
from shared.settings import Settings
from tests.support.absences import NOW, Scene, expected
from tests.support.polling import eventually
from tests.support.stack import kept_broker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

SCHOOL = "1000"


@dataclass
class Ground:
    """A database and a broker, which is put back to what it was, as a disk is from a snapshot."""

    broker: KafkaBroker
    settings: dict[str, Any]
    snapshots: Path

    @asynccontextmanager
    async def scene(self) -> AsyncIterator[Scene]:
        connection = await asyncpg.connect(self.settings["database_url"])
        try:
            async with Scene.opened(self.settings, connection.fetch, SCHOOL) as scene:
                yield scene
        finally:
            await connection.close()

    def keep(self, name: str) -> None:
        """Keeps all that the broker has."""
        self.broker.stop()
        shutil.copytree(self.broker.folder / "data", self.snapshots / name)
        self.broker.start()

    def put_back(self, name: str | None) -> None:
        """Has the broker hold what it had, or nothing."""
        self.broker.stop()
        shutil.rmtree(self.broker.folder / "data")
        if name is not None:
            shutil.copytree(self.snapshots / name, self.broker.folder / "data")
        self.broker.start()


async def test_what_is_said_of_a_broker_ahead_older_or_empty_comes_true(database_url: str, tmp_path: Path) -> None:
    with kept_broker(tmp_path) as broker:
        settings = {
            "data": tmp_path / "star",
            "database_url": database_url,
            "bus": "kafka",
            "kafka_bootstrap": broker.bootstrap,
            "kafka_partitions": 2,
        }
        ground = Ground(broker, settings, tmp_path)
        target = Target(Settings(**settings), database_url)
        async with ground.scene() as scene:
            await scene.open_school()
            async with scene.workers():
                await scene.absences(0, 4)
                await eventually(scene.totals, expected(4, known=False))
        ground.keep("older")
        async with ground.scene() as scene, scene.workers():
            await scene.absences(4, 3)
            await eventually(scene.totals, expected(7, known=False))
        backup = await take(target.settings, tmp_path / "kept", NOW)
        async with ground.scene() as scene, scene.workers():
            await scene.absences(7, 8)
            await eventually(scene.totals, expected(15, known=False))

        done = await restore(backup, target, replace=True)
        assert done.topics["star.marks.v1"] == done.topics["star.crossings.v1"] == "ahead"
        assert "ahead of the backup, at star.crossings.v1, star.marks.v1" in said_of(done)[0]
        async with ground.scene() as scene, scene.workers():
            await eventually(scene.totals, expected(15, known=False))
            assert await scene.gaps() == {}
            assert "notifier.crossings" in await restored_groups(scene)

        ground.put_back("older")
        done = await restore(backup, target, replace=True)
        assert done.topics["star.marks.v1"] == "older"
        assert said_of(done)[0].startswith("The broker is older than the backup, at star.marks.v1")
        async with ground.scene() as scene:
            # The log is longer than what was consumed of the lost one before any worker looks at it.
            await scene.absences(7, 10)
            async with scene.workers():
                await eventually(scene.totals, expected(17, known=False))
            assert {schema: kinds for schema, kinds in (await scene.gaps()).items() if schema == "thresholds"} == {
                "thresholds": ["log-shorter"]
            }
            assert await restored_groups(scene) == []

        ground.put_back(None)
        done = await restore(backup, target, replace=True)
        assert set(done.topics.values()) == {"another"}
        assert said_of(done)[0].startswith("The broker has other topics than the backup knows, at star.")
        async with ground.scene() as scene:
            await scene.absences(7, 9)
            async with scene.workers():
                await eventually(scene.totals, expected(16, known=False))
            assert {kind for kinds in (await scene.gaps()).values() for kind in kinds} == {"another-topic"}
            assert await restored_groups(scene) == []

        broker.stop()
        with pytest.raises(BackupError, match="the broker does not answer"):
            await restore(backup, target, replace=True)
        async with asyncpg.create_pool(database_url) as pool:
            assert await pool.fetchval("SELECT count(*) FROM thresholds.register WHERE absent_half_days = 16") == 12


async def restored_groups(scene: Scene) -> list[str]:
    """The notifier's groups that were found to have read more than the database knows of."""
    return [row["consumer_group"] for row in await scene.sql("SELECT DISTINCT consumer_group FROM notifier.restores")]
