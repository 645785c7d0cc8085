"""Subscriptions and attempts in words. Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from services.console.frame import words
from shared.clock import HOME_ZONE
from shared.events.catalogue import PARTNER_EVENTS

ZONE: Final = ZoneInfo(HOME_ZONE)
EVENTS: Final = tuple(sorted(event.name for event in PARTNER_EVENTS))

FORMATS: Final = {
    "cloudevents": "CloudEvents (for a program)",
    "teams": "Microsoft Teams (a workflow's message)",
    "slack": "Slack (a message)",
}

STATES: Final = {"active": "Active", "paused": "Paused", "disabled": "Stopped by itself"}
WHY: Final = {"gone": "the receiver answered 410", "failing": "it failed for five days"}
OUTCOMES: Final = {"done": "taken", "retry": "later again", "failed": "given up", None: "under way"}


def subscription_row(sent: Mapping[str, Any]) -> dict[str, Any]:
    """A subscription with its sentences."""
    waiting = sent["deliveries"]
    tried = sent["last_day"]["attempts"]
    share = 100 * sent["last_day"]["succeeded"] / tried if tried else None
    return {
        **sent,
        "host": urlsplit(sent["url"]).hostname or sent["url"],
        "format_words": FORMATS[sent["format"]],
        "state_words": STATES[sent["state"]] + (f": {WHY[sent['reason']]}" if sent["reason"] else ""),
        "success": "no attempt" if share is None else f"{share:.0f} % of {words.count(tried, 'attempt')} taken",
        "waits": waiting["waiting"] + waiting["held"],
        "given_up": waiting["failed"],
        "oldest": words.moment(sent["oldest_waiting"], ZONE),
        "made": words.moment(sent["created_at"], ZONE),
        "failing": words.moment(sent["failing_since"], ZONE) if sent["failing_since"] else None,
        "old_secret": words.moment(sent["previous_secret_until"], ZONE) if sent["previous_secret_until"] else None,
    }


def attempt_row(sent: Mapping[str, Any]) -> dict[str, Any]:
    """An attempt: its result in words, and the request as the receiver got it."""
    headers = "\n".join(f"{name}: {value}" for name, value in sent["request"]["headers"].items())
    return {
        **sent,
        "when": words.moment(sent["started_at"], ZONE),
        "result": OUTCOMES.get(sent["outcome"], sent["outcome"]),
        "sent": f"{headers}\n\n{json.dumps(sent['request']['body'], indent=2, ensure_ascii=False)}",
    }
