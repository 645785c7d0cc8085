"""How long the words and addresses of letters are kept, and the attempts at them."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.deliveries.repository import deliveries
from shared.clock import Clock
from shared.retention import Rule

AT_ONCE: Final = 500
"""Deliveries erased in one transaction: nobody who settles one waits for long."""


def retention_rules(keep_for: timedelta, clock: Clock) -> tuple[Rule, ...]:
    """Words, addresses and attempts go. The fact of each delivery stays: to whose family, when, about what, and how it ended."""

    async def erase(connection: AsyncConnection, moment: datetime, most: int) -> int:
        return await deliveries.erase_before(connection, moment, clock(), most)

    return (Rule("letters", keep_for, erase, AT_ONCE, setting="letters_kept"),)
