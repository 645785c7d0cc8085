"""A command ends with 1 and one line that names what mends it, never with a trace, if something is not set up."""

import asyncio
import os
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.cli.environment import misspelt
from tests.support.database import url_of
from tests.support.processes import STAR

AWAY = "postgresql://postgres:secret-word@127.0.0.1:1/star"


async def star(arguments: Sequence[str], **environment: str) -> tuple[int | None, list[str]]:
    """The exit code and what stands on standard error."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STAR_")}
    process = await asyncio.create_subprocess_exec(*STAR, *arguments, env=clean | environment, stdout=PIPE, stderr=PIPE)
    _, err = await process.communicate()
    return process.returncode, err.decode().splitlines()


@pytest.mark.parametrize(
    "arguments", [["verify"], ["kamar", "list", "--school", "999"], ["serve", "ingest", "--port", "0"], ["work", "moe-sync", "--port", "0"]]
)
async def test_not_migrated(arguments: list[str], postgres_url: str) -> None:
    code, lines = await star(arguments, STAR_DATABASE_URL=postgres_url)
    assert (code, lines) == (1, ["Error: the database is not migrated to this release: run `star migrate`"])


async def test_a_user_whom_the_database_does_not_know(database_url: str) -> None:
    url = database_url.replace("postgres@", "nobody@")
    code, [line] = await star(["serve", "ingest", "--port", "0"], STAR_DATABASE_URL=url)
    assert (code, line.startswith("Error: the database does not let this user in")) == (1, True)


async def test_no_such_database(postgres_url: str) -> None:
    code, [line] = await star(["verify"], STAR_DATABASE_URL=url_of(postgres_url, "nowhere"))
    assert (code, line.endswith("does not exist: create it, then run `star migrate`")) == (1, True)


@pytest.mark.parametrize("command", ["verify", "migrate"])
async def test_a_database_that_is_away(command: str) -> None:
    code, [line] = await star([command], STAR_DATABASE_URL=AWAY)
    assert code == 1
    assert line.startswith("Error: the database does not answer (ConnectionRefusedError)")
    assert "`star doctor`" in line
    assert "secret" not in line


async def test_no_broker(database_url: str) -> None:
    kafka = {"STAR_BUS": "kafka", "STAR_KAFKA_BOOTSTRAP": "127.0.0.1:1"}
    code, lines = await star(["migrate"], STAR_DATABASE_URL=database_url, **kafka)
    assert (code, "Traceback" in "".join(lines)) == (1, False)
    assert lines[-1].startswith("Error: the bus does not answer (KafkaConnectionError): start the broker")


async def test_no_database_at_all(tmp_path: Path) -> None:
    code, [line] = await star(["migrate", "--data", str(tmp_path)])
    assert (code, "set STAR_DATABASE_URL, or start `star run --data" in line) == (1, True)


async def test_a_data_folder_that_can_not_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    words = ["token", "issue", "--subject", "tests", "--scopes", "ops", "--schools", "*", "--data", str(tmp_path / "file" / "data")]
    code, [line] = await star(words)
    assert (code, "give this user the right to it, or choose another folder with --data" in line) == (1, True)


async def test_a_setting_that_can_not_be_read_is_named_without_its_value() -> None:
    code, [line] = await star(["migrate"], STAR_DATABASE_URL=AWAY, STAR_KAFKA_PARTITIONS="secret-word")
    assert (code, line.startswith("Error: STAR_KAFKA_PARTITIONS: ")) == (1, True)
    assert "secret" not in line


async def test_a_variable_that_nobody_reads_is_warned_of() -> None:
    code, lines = await star(["migrate"], STAR_DATABASE_URL=AWAY, STAR_SMPT_URL="x")
    assert (code, lines[0]) == (1, "warning: STAR_SMPT_URL is not a setting: do you mean STAR_SMTP_URL?")


def test_variables_that_are_read_and_those_of_kubernetes_are_not_warned_of() -> None:
    ours = ["STAR_DATA", "STAR_TOKEN", "STAR_PORT", "STAR_HOLD", "STAR_MINISTRY_URL", "STAR_IMPORT_LIMIT", "HOME"]
    kubernetes = ["STAR_SERVICE_HOST", "STAR_INGEST_SERVICE_PORT_HTTP", "STAR_INGEST_PORT_8000_TCP_ADDR", "STAR_INGEST_PORT"]
    assert list(misspelt([*ours, *kubernetes])) == []
    assert list(misspelt(["STAR_OF_BETHLEHEM"])) == ["STAR_OF_BETHLEHEM is not a setting"]
