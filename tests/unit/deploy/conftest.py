"""Fixtures of the sandbox's tests: real servers, each on a folder of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.sandbox.mail import MailCatcher
from tests.unit.deploy.sandbox_ministry import Sender, sender_to


@pytest.fixture
async def catcher(tmp_path: Path) -> AsyncIterator[MailCatcher]:
    catcher = MailCatcher(tmp_path / "mail")
    await catcher.start()
    yield catcher
    await catcher.stop()


@pytest.fixture
async def sender(tmp_path: Path) -> AsyncIterator[Sender]:
    async with sender_to(tmp_path) as http:
        yield Sender(http)
