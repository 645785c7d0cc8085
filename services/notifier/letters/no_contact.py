"""Letters that were due with nobody to send them to. The caller holds the locks of the cases."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.letters.case import Case
from services.notifier.letters.repository import letters

log = structlog.get_logger()


async def try_again(connection: AsyncConnection, cases: Iterable[Case], now: datetime) -> None:
    """Makes those letters due again: somebody may be reached now."""
    waiting = [case.waiting for case in cases if case.waiting is not None and case.waiting.state == "no-contact"]
    await letters.renew_all(connection, [replace(letter, due_at=max(letter.due_at, now)) for letter in waiting], now)
    for letter in waiting:
        log.info("letter.contact_arrived", letter=str(letter.id))
