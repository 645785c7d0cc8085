"""The deliveries' numbers for Prometheus."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.deliveries.repository import deliveries
from shared.telemetry import metrics


async def measure_deliveries(connection: AsyncConnection, now: datetime) -> None:
    """Sets when a letter last went out."""
    at = await deliveries.last_sent(connection)
    if at is not None:
        metrics.LAST_SUCCESS.labels("notifier", "letter").set(at.timestamp())
