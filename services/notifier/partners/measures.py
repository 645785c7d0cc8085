"""The partners' numbers for Prometheus."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.partners.repository import webhooks
from services.notifier.partners.task import WebhookTask
from shared.telemetry import metrics
from shared.worklist import repository as worklist

MOST: Final = 20
"""Subscriptions that are named. A partner more makes no series more beyond that."""


async def measure_partners(connection: AsyncConnection, now: datetime) -> None:
    """Sets how many events wait for the subscriptions furthest behind, how many are behind, and when a webhook was last delivered."""
    behind, backlogs = await webhooks.backlogs(connection, MOST)
    metrics.SUBSCRIPTIONS_BEHIND.set(behind)
    metrics.SUBSCRIPTION_BACKLOG.clear()
    for subscription, events in backlogs.items():
        metrics.SUBSCRIPTION_BACKLOG.labels(str(subscription)).set(events)
    at = await worklist.last_done(connection, WebhookTask.kind)
    if at is not None:
        metrics.LAST_SUCCESS.labels("notifier", "webhook").set(at.timestamp())
