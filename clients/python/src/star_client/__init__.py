"""The client of the STAR engine for SMS vendors and partners: all four services, sync and async."""

from star_client.client import AsyncStar, Star
from star_client.errors import StarError, WebhookError
from star_client.feed import AsyncFeed, Feed
from star_client.marks import Uploaded
from star_client.webhooks import verify

__all__ = ["AsyncFeed", "AsyncStar", "Feed", "Star", "StarError", "Uploaded", "WebhookError", "verify"]
