"""The uploads' numbers for Prometheus."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.uploads.repository import uploads
from shared.telemetry import metrics


async def measure_uploads(connection: AsyncConnection, now: datetime) -> None:
    """Sets when an upload was last accepted."""
    at = await uploads.last_accepted(connection)
    if at is not None:
        metrics.LAST_SUCCESS.labels("moe_sync", "upload").set(at.timestamp())
