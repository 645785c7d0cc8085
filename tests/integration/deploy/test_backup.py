"""A backup of a database and its keys, put in place on another server; and each reason for which a restore changes nothing."""

import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from deploy.backup.manifest import BackupError
from deploy.backup.objects import SPOOL
from deploy.backup.restoring import Target, restore
from deploy.backup.taking import take
from deploy.embedded.owner import logins, make_owner
from deploy.logins import migrate_all
from shared.auth.keys import signing_key
from shared.measures.backups import last_backup
from shared.settings import Settings
from tests.support.own_postgres import own_postgres
from tests.support.processes import run_star
from tests.support.s3 import s3_server

pytestmark = pytest.mark.timeout(900)

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SCHOOL = (
    "INSERT INTO thresholds.consumed (consumer_group, topic, partition, next_offset) VALUES ('thresholds.marks', 'star.marks.v1', 0, 7)"
)


async def asked(url: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Target]:
    """A server with a group that has read seven messages, and a key."""
    with own_postgres(tmp_path / "one" / "postgres") as server:
        await make_owner(server.url)
        settings = Settings(data=tmp_path / "one", **logins(server.url))
        await migrate_all(settings)
        await asked(server.url, SCHOOL)
        signing_key(settings.data)
        (settings.data / "retired-keys").mkdir()
        (settings.data / "retired-keys" / "old.pem").write_text("an earlier key")
        yield Target(settings, server.url)


async def test_the_whole_comes_back_on_another_server(one: Target, tmp_path: Path) -> None:
    settings = one.settings.model_copy(update={"database_url": one.owner_url})
    backup = await take(settings, tmp_path / "kept", NOW)
    assert backup.name == "star-20261120T020000Z"
    assert last_backup(one.settings.data) == NOW
    files = {str(path.relative_to(backup)): path for path in backup.rglob("*") if path.is_file()}
    assert files.keys() == {"manifest.json", "database.dump", "data/signing-key.pem", "data/retired-keys/old.pem"}
    assert {oct(path.stat().st_mode & 0o777) for path in files.values()} == {"0o600"}
    assert oct(backup.stat().st_mode & 0o777) == "0o700"

    with own_postgres(tmp_path / "two" / "postgres") as server:
        await make_owner(server.url)
        target = Target(Settings(data=tmp_path / "two", **logins(server.url)), server.url)
        await restore(backup, target, replace=False)
        read = "SELECT consumer_group, topic, partition, next_offset FROM thresholds.consumed"
        assert await asked(server.url, read) == [("thresholds.marks", "star.marks.v1", 0, 7)]
        service = "SELECT current_user::text, count(*) FROM thresholds.consumed"
        url = target.settings.of_service("thresholds").database_url
        assert await asked(url, f"{service} GROUP BY 1") == [("star_thresholds_service", 1)]
        assert signing_key(tmp_path / "two").public_key() == signing_key(one.settings.data).public_key()
        assert (tmp_path / "two" / "retired-keys" / "old.pem").read_text() == "an earlier key"

        # On another bus, groups begin at its start.
        kafka = Target(target.settings.model_copy(update={"bus": "kafka"}), server.url)
        await restore(backup, kafka, replace=True)
        assert await asked(server.url, read) == []


async def test_a_restore_that_would_do_harm_changes_nothing(one: Target, tmp_path: Path) -> None:
    settings = one.settings.model_copy(update={"database_url": one.owner_url})
    backup = await take(settings, tmp_path / "kept", NOW)
    with pytest.raises(BackupError, match="is there already"):
        await take(settings, tmp_path / "kept", NOW)
    manifest = json.loads((backup / "manifest.json").read_text())

    def changed(name: str, **changes: object) -> Path:
        copy = tmp_path / name
        shutil.copytree(backup, copy)
        (copy / "manifest.json").write_text(json.dumps({**manifest, **changes}))
        return copy

    damaged = changed("damaged")
    with (damaged / "database.dump").open("ab") as dump:
        dump.write(b"x")
    none = tmp_path / "none"
    none.mkdir()
    on_kafka = Target(one.settings.model_copy(update={"bus": "kafka"}), one.owner_url)
    elsewhere = Target(one.settings.model_copy(update={"data": tmp_path / "elsewhere"}), one.owner_url)
    signing_key(tmp_path / "elsewhere")
    for source, target, reason in (
        (damaged, one, "is damaged: database.dump"),
        (none, one, "is no backup"),
        (changed("newer", version="9.0.0"), one, "release 9.0.0 took the backup"),
        (changed("unread", unread=3), on_kafka, "3 records of the bus in the backup had not been read"),
        (backup, elsewhere, "has other files of the names signing-key.pem"),
    ):
        with pytest.raises(BackupError, match=reason):
            await restore(source, target, replace=False)
    # As many as a group has still to read in the dump itself, whatever it has told the bus.
    await asked(
        one.owner_url,
        "INSERT INTO bus.partitions (topic, partition, topic_id, next_offset) VALUES ('star.marks.v1', 0, gen_random_uuid(), 10)",
    )
    behind = await take(settings, tmp_path / "behind", NOW)
    with pytest.raises(BackupError, match="3 records of the bus"):
        await restore(behind, on_kafka, replace=False)
    await asked(one.owner_url, "INSERT INTO ingest.parts (id, kind, host, version, said) VALUES (gen_random_uuid(), 'api', 'h', '0', '{}')")
    with pytest.raises(BackupError, match="1 processes work on the database"):
        await restore(backup, one, replace=True)
    assert await asked(one.owner_url, "SELECT next_offset FROM thresholds.consumed") == [(7,)]


async def test_a_backup_goes_to_storage_and_comes_back_on_another_server(one: Target, tmp_path: Path) -> None:
    # Longer than what is sent in one part.
    (one.settings.data / "large").write_bytes(os.urandom(12_000_000))
    # A process that was killed left it.
    (one.settings.data / SPOOL).mkdir()
    (one.settings.data / SPOOL / "star-20261120T020000Z").mkdir()
    with s3_server(tmp_path) as s3:
        here = {"STAR_DATA": str(one.settings.data), "STAR_DATABASE_URL": one.owner_url, **s3.environment}
        address = run_star(["backup", "--to", f"s3://{s3.bucket}/nightly/"], here)
        assert re.fullmatch(r"s3://kept/nightly/star-\d{8}T\d{6}Z", address)
        assert last_backup(one.settings.data) is not None
        assert not (one.settings.data / SPOOL).exists()
        names = {str(path.relative_to(s3.objects / "nightly" / address[-21:])) for path in s3.objects.rglob("*") if path.is_file()}
        files = {"database.dump", "data/signing-key.pem", "data/retired-keys/old.pem", "data/large"}
        assert names == {"manifest.json", *files}

        with own_postgres(tmp_path / "two" / "postgres") as server:
            await make_owner(server.url)
            there = {"STAR_DATA": str(tmp_path / "two"), "STAR_DATABASE_URL": server.url, **s3.environment}
            assert "restored, as it was at" in run_star(["restore", "--from", address], there)
            assert await asked(server.url, "SELECT next_offset FROM thresholds.consumed") == [(7,)]
            assert (tmp_path / "two" / "large").read_bytes() == (one.settings.data / "large").read_bytes()
            assert signing_key(tmp_path / "two").public_key() == signing_key(one.settings.data).public_key()
            assert not (tmp_path / "two" / SPOOL).exists()
