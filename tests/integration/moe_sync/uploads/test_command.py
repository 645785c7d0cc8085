"""`star upload` against the service as it serves, in a process of its own as an operator runs it."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from dataclasses import dataclass
from pathlib import Path

from deploy.cli.output import local_time
from tests.integration.moe_sync.office import Office
from tests.support.polling import eventually


@dataclass(frozen=True)
class Result:
    exit_code: int
    output: str


async def command(*arguments: str) -> Result:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.cli", "upload", *arguments, stdout=PIPE, stderr=STDOUT, env=os.environ | {"NO_COLOR": "1"}
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return Result(process.returncode, output.decode())


async def star(office: Office, *arguments: str, scopes: tuple[str, ...] = ("star:read", "uploads:run")) -> Result:
    token = office.token(scopes)["Authorization"].removeprefix("Bearer ")
    return await command(*arguments, "--url", office.api, "--token", token)


async def test_a_week_from_the_command_line(office: Office, tmp_path: Path) -> None:
    await office.publish(office.crossed(), office.responded())
    previewed = await star(office, "preview", "--school", "0999")
    assert previewed.exit_code == 0, previewed.output
    assert "conversation-with-whanau" in previewed.output
    assert "12345" in previewed.output
    paused = await star(office, "pause", "--school", "0999", "--reason", "calendar being mended")
    assert paused.output == f"paused by tests at {local_time('2026-10-18T20:00:00Z')}\n"
    ran = await star(office, "run", "--school", "0999", "--week", "2026-W43")
    assert ran.output.startswith("built: 2026-W43 upload 1, 1 records, 1 responses\npending: paused by the school\n")
    identifier = ran.output.splitlines()[-1]
    assert (await star(office, "resume", "--school", "0999")).output == "resumed\n"
    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    again = await star(office, "run", "--school", "0999", "--week", "2026-W43")
    assert again.output.startswith("nothing has changed since: 2026-W43 upload 1")
    listed = await star(office, "list", "--school", "0999")
    assert identifier in listed.output
    assert "accepted" in listed.output
    shown = await star(office, "certificate", identifier)
    assert "sandbox-0999-2026-W43-" in shown.output
    page = tmp_path / "certificate.pdf"
    assert (await star(office, "certificate", identifier, "--out", str(page))).exit_code == 0
    assert page.read_bytes().startswith(b"%PDF-")
    status = await star(office, "status")
    assert "windows overdue" in status.output


async def test_what_went_wrong_is_said_in_one_line(office: Office) -> None:
    wrong = await star(office, "run", "--school", "0999", "--week", "2026-W50")
    assert (wrong.exit_code, wrong.output) == (2, "Error: 422: this week has not begun yet at the school\n")
    refused = await star(office, "run", "--school", "0999", "--week", "2026-W43", scopes=("star:read",))
    assert (refused.exit_code, refused.output) == (2, "Error: 403: this token lacks the scope uploads:run\n")
    away = await command("status", "--url", "http://127.0.0.1:1", "--token", "x")
    assert (away.exit_code, away.output) == (2, "Error: http://127.0.0.1:1 can't be reached (ConnectError)\n")
