"""How long links are kept: they are of no use once they have ended. Replies go with the cases that they are about."""

from datetime import timedelta

from services.notifier.replies.repository import links
from shared.retention import Rule


def retention_rules(keep_for: timedelta) -> tuple[Rule, ...]:
    """One rule, for links."""
    return (Rule("reply-links", keep_for, links.forget_before, tables=("reply_links",), setting="work_kept"),)
