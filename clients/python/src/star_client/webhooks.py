"""Webhooks, verified by the library of Standard Webhooks."""

from collections.abc import Mapping, Sequence
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from star_client.errors import WebhookError


def verify(secrets: str | Sequence[str], headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The event of a request that the engine signed. Raises WebhookError for any other, and ValueError for a secret that is none.

    While a secret is rotated, give the old one and the new one. Deliveries can come twice: `id` tells them.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    # A secret that can't be one is a fault of the set-up, whatever the request says.
    signers = [_signer(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    last: Exception = WebhookError("no secret was given")
    for signer in signers:
        try:
            event: dict[str, Any] = signer.verify(body, lowered)
        except (WebhookVerificationError, ValueError) as error:
            # The library lets a signature that can't be read through as the ValueError that it meets.
            last = error
        else:
            return event
    raise WebhookError(str(last)) from last


def _signer(secret: str) -> Webhook:
    try:
        return Webhook(secret.strip())
    except Exception as error:
        raise ValueError("this is no secret of a subscription: they begin with whsec_") from error
