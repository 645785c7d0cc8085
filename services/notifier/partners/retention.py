"""How long partners' events are kept, with the webhooks made of them, and how deleted subscriptions go."""

from datetime import timedelta
from typing import Final

from services.notifier.partners.repository import partner_events, webhooks
from shared.retention import Rule

AT_ONCE: Final = 5_000


def retention_rules(keep_for: timedelta) -> tuple[Rule, ...]:
    """Events that can't be replayed any more go, then what is left of subscriptions that were deleted."""
    return (
        Rule(
            "partner-events",
            keep_for,
            partner_events.forget_before,
            AT_ONCE,
            tables=("partner_events", "webhook_deliveries"),
            setting="partner_events_kept",
        ),
        Rule("subscriptions", timedelta(0), webhooks.forget_deleted, AT_ONCE, tables=("subscriptions",)),
    )
