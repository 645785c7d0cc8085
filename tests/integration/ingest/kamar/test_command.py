"""`star kamar`: credentials by whoever has the database."""

import asyncio
from pathlib import Path

import pytest

from tests.integration.ingest.conftest import Door
from tests.integration.ingest.kamar.school import document
from tests.support.processes import run_star


async def test_credentials_by_command(door: Door, database_url: str, tmp_path: Path) -> None:
    async def star(*arguments: str) -> str:
        return await asyncio.to_thread(run_star, ["kamar", *arguments], {"STAR_DATABASE_URL": database_url})

    printed = dict(line.split() for line in (await star("issue", "--school", "999")).splitlines())
    auth = (printed["username"], printed["password"])
    assert (await door.http.post("/v1/kamar", json=document("check"), auth=auth)).status_code == 200
    listed = await star("list", "--school", "0999")
    assert listed.startswith(f"{auth[0]} issued ")
    assert auth[1] not in listed
    await star("revoke", "--school", "0999", auth[0])
    assert await star("list", "--school", "0999") == ""
    with pytest.raises(AssertionError, match="no credential of that name"):
        await star("revoke", "--school", "0999", auth[0])
    with pytest.raises(AssertionError, match="0189 is not known"):
        await star("issue", "--school", "189")
    with pytest.raises(AssertionError, match="set STAR_DATABASE_URL"):
        await asyncio.to_thread(run_star, ["kamar", "list", "--school", "999", "--data", str(tmp_path / "none")], {"STAR_DATABASE_URL": ""})
