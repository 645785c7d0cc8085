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
    for case in cases:
        if case.waiting is not None and case.waiting.state == "no-contact":
            await letters.renew_work(connection, replace(case.waiting, due_at=max(case.waiting.due_at, now)), now)
            log.info("letter.contact_arrived", letter=str(case.waiting.id))
