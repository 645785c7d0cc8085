"""Webhooks, verified by the library of Standard Webhooks."""

from collections.abc import Mapping, Sequence
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from star_client.errors import WebhookError


def verify(secrets: str | Sequence[str], headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The event of a request that the engine signed. Raises WebhookError for any other.

    While a secret is rotated, give the old one and the new one. Deliveries can come twice: `id` tells them.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    for secret in [secrets] if isinstance(secrets, str) else secrets:
        try:
            event: dict[str, Any] = Webhook(secret).verify(body, lowered)
        except WebhookVerificationError as error:
            last = error
        else:
            return event
    raise WebhookError(str(last)) from last
