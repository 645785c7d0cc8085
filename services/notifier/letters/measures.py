"""The letters' numbers for Prometheus."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.letters.repository import letters
from shared.telemetry import metrics

STATES: Final = ("held", "on-hold", "no-contact", "awaiting-release")


async def measure_letters(connection: AsyncConnection, now: datetime) -> None:
    """Sets how many letters wait, by state."""
    counts = await letters.waiting_by_state(connection)
    for state in STATES:
        metrics.LETTERS_WAITING.labels(state).set(counts.get(state, 0))
