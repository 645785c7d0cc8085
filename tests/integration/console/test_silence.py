"""Nothing of a student is written where it stays: neither in the log, nor in an address that leaves."""

import logging

import pytest
import structlog

from tests.integration.apis.world import World
from tests.integration.console.screens import Screens
from tests.integration.console.test_pages import more

__all__ = ["more"]


async def test_no_name_and_no_number_is_in_the_log(screens: Screens, more: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    person = await screens.person("principal")
    with structlog.testing.capture_logs() as lines:
        for path in ("today", "students?q=awhina", "students/20001", "respond?student=20001", "students/no-such-student", "records?q=zoe"):
            await person.http.get(f"/console/0999/{path}")
        await person.http.post("/console/0999/students/20001/hold", headers={"Sec-Fetch-Site": "cross-site"}, data={"reason": "Awhina"})
    said = str(lines) + "".join(record.getMessage() for record in caplog.records if record.name.startswith(("services", "shared")))
    assert [word for word in ("20001", "awhina", "Awhina", "Example", "no-such-student") if word in said] == []
    assert "console.forged" in said
