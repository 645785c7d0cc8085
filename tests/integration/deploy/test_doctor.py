"""`star doctor` against real neighbours, well and unwell."""

import asyncio
import json
import os
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from deploy.doctor.bus import settle
from deploy.doctor.database import judge_clocks
from deploy.doctor.diagnosis import AFTER_CONFIGURATION, READERS, diagnose
from deploy.embedded.postgres import as_role
from deploy.embedded.trees import SERVICE_TREES
from deploy.kafka.broker import KafkaBroker
from deploy.sandbox.api import create_sandbox
from deploy.sandbox.mail import MailCatcher
from deploy.sandbox.ministry_store import MinistryStore
from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.interface import Outgoing, Partition
from shared.bus.kafka.access import KafkaAccess
from shared.bus.kafka.bus import KafkaBus
from shared.db.logins import login_of
from tests.integration.deploy.test_faults import AWAY, star
from tests.support.kafka import kafka_broker
from tests.support.processes import STAR
from tests.support.servers import serving

__all__ = ["kafka_broker"]

ALL = {"configuration", *AFTER_CONFIGURATION}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("STAR_")]:
        monkeypatch.delenv(name)


def embedded(database_url: str) -> EmbeddedBus:
    return EmbeddedBus(database_url, partitions=1, publish_timeout=timedelta(seconds=5))


async def states(data: Path) -> dict[str, str]:
    findings = await diagnose(data)
    assert {finding.name for finding in findings} == ALL
    assert all(finding.fix for finding in findings if finding.state != "ok")
    return {finding.name: finding.state for finding in findings}


async def test_all_is_well(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = embedded(database_url)
    await bus.ensure_topics()
    await bus.close()
    mail = MailCatcher(tmp_path / "mail")
    await mail.start()
    async with serving(create_sandbox(mail, MinistryStore(tmp_path / "ministry"))) as url:
        monkeypatch.setenv("STAR_DATABASE_URL", database_url)
        for tree in SERVICE_TREES:
            monkeypatch.setenv(f"STAR_{tree.schema.upper()}_DATABASE_URL", as_role(database_url, login_of(tree.schema)))
        monkeypatch.setenv("STAR_SMTP_URL", mail.url)
        monkeypatch.setenv("STAR_MINISTRY_URL", f"{url}/ministry")
        found = await states(tmp_path)
    await mail.stop()
    assert set(found.values()) == {"ok"}
    assert mail.box.messages() == []


async def test_logins_that_are_shared_and_one_that_is_wrong(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = embedded(database_url)
    await bus.ensure_topics()
    await bus.close()
    monkeypatch.setenv("STAR_DATABASE_URL", database_url)
    monkeypatch.setenv("STAR_INGEST_DATABASE_URL", as_role(database_url, "star_ingest_service"))
    logins = {finding.name: finding for finding in await diagnose(tmp_path)}["logins"]
    assert (logins.state, logins.detail) == (
        "warn",
        "log in as a user who may become other services: thresholds, notifier, moe-sync, console",
    )
    monkeypatch.setenv("STAR_MOE_SYNC_DATABASE_URL", as_role(database_url, "star_ingest_service"))
    logins = {finding.name: finding for finding in await diagnose(tmp_path)}["logins"]
    assert (logins.state, logins.detail.partition(":")[0]) == ("fail", "moe-sync")
    assert "STAR_MOE_SYNC_DATABASE_URL" in str(logins.fix)


@pytest.mark.kafka
async def test_a_set_up_with_kafka(database_url: str, tmp_path: Path, kafka_broker: KafkaBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = KafkaBus(KafkaAccess(kafka_broker.bootstrap), partitions=4, publish_timeout=timedelta(seconds=5))
    await bus.ensure_topics()
    await bus.close()
    monkeypatch.setenv("STAR_DATABASE_URL", database_url)
    monkeypatch.setenv("STAR_BUS", "kafka")
    monkeypatch.setenv("STAR_KAFKA_BOOTSTRAP", kafka_broker.bootstrap)
    found = await states(tmp_path)
    assert (found["broker"], found["topics"], found["mail"], found["ministry"]) == ("ok", "ok", "warn", "warn")


async def test_a_database_that_takes_no_writes(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = await asyncpg.connect(database_url)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await connection.close()
    monkeypatch.setenv("STAR_DATABASE_URL", database_url)
    found = {finding.name: finding for finding in await diagnose(tmp_path)}
    assert found["database"].state == "fail"
    assert "takes no writes" in found["database"].detail


async def test_nothing_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAR_DATABASE_URL", AWAY)
    monkeypatch.setenv("STAR_SMTP_URL", "smtp://127.0.0.1:1")
    monkeypatch.setenv("STAR_MINISTRY_URL", "http://127.0.0.1:1")
    found = await states(tmp_path)
    assert [name for name, state in found.items() if state == "fail"] == ["database", "mail", "ministry"]


async def test_no_database_is_named_and_none_runs(tmp_path: Path) -> None:
    found = await states(tmp_path)
    assert (found["database"], found["mail"], found["ministry"]) == ("fail", "ok", "ok")


async def test_an_unmigrated_database(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAR_DATABASE_URL", postgres_url)
    assert (await states(tmp_path))["migrations"] == "fail"


async def test_missing_topics(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAR_DATABASE_URL", database_url)
    monkeypatch.setenv("STAR_UNHEARD_OF", "1")
    found = await states(tmp_path)
    assert (found["configuration"], found["migrations"], found["topics"]) == ("warn", "ok", "fail")


async def test_offsets(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAR_DATABASE_URL", database_url)
    database = await asyncpg.connect(database_url)
    bus = embedded(database_url)
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    await publisher.publish([Outgoing("star.marks.v1", b"0999", b"{}")])
    consumer = bus.consumer("thresholds.marks", ["star.marks.v1"])
    await consumer.fetch(most=1, wait=timedelta(0))
    await consumer.commit({Partition("star.marks.v1", 0): 0})
    assert (await states(tmp_path))["offsets"] == "ok"

    await database.execute("UPDATE bus.messages SET appended_at = now() - interval '10 minutes'")
    assert (await states(tmp_path))["offsets"] == "warn"
    await consumer.commit({Partition("star.marks.v1", 0): 9})
    assert (await states(tmp_path))["offsets"] == "fail"
    await consumer.commit({Partition("star.marks.v1", 0): 1})
    assert (await states(tmp_path))["offsets"] == "ok"
    await database.execute(
        "INSERT INTO notifier.offset_gaps (consumer_group, topic, partition, kind, from_offset, to_offset)"
        " VALUES ('notifier.crossings', 'star.crossings.v1', 0, 'lost', 1, 5)"
    )
    assert (await states(tmp_path))["offsets"] == "fail"
    await settle(database_url, READERS)
    assert (await states(tmp_path))["offsets"] == "ok"
    for closing in (consumer.stop, publisher.stop, bus.close, database.close):
        await closing()


@pytest.mark.parametrize(("seconds", "state"), [(0.5, "ok"), (10, "warn"), (120, "fail")])
def test_clocks(seconds: float, state: str) -> None:
    assert judge_clocks(timedelta(seconds=seconds)).state == state


async def test_the_command(postgres_url: str, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *STAR,
        "doctor",
        "--json",
        "--data",
        str(tmp_path),
        env={**os.environ, "STAR_DATABASE_URL": postgres_url},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    answer = json.loads(out)
    assert (process.returncode, answer["ok"]) == (1, False)
    assert {check["name"] for check in answer["checks"]} == ALL
    assert set(answer["checks"][0]) == {"name", "state", "detail", "fix"}
    code, lines = await star(["doctor", "--data", str(tmp_path)], STAR_DATABASE_URL=postgres_url)
    assert (code, lines) == (1, [])
