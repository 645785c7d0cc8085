"""How long it is kept that letters went, and why: as long as the registers that they were about."""

from datetime import timedelta
from typing import Final

from services.notifier.letters.repository import retention
from shared.retention import Rule

AT_ONCE: Final = 200
CASES: Final = (
    "cases",
    "crossings",
    "letters",
    "deliveries",
    "bounces",
    "letter_reads",
    "letter_holds",
    "movements",
    "reply_links",
    "replies",
)


def retention_rules(keep_for: timedelta, days_kept: timedelta) -> tuple[Rule, ...]:
    """Cases with all that hangs on them, then the decisions about letters that are gone; the counts of days go sooner."""
    return (
        Rule("cases", keep_for, retention.forget_cases_before, AT_ONCE, tables=CASES, setting="register_kept"),
        Rule("letter-holds", keep_for, retention.forget_holds_before, tables=("letter_holds",), setting="register_kept"),
        Rule("releases", keep_for, retention.forget_releases_before, tables=("releases",), setting="register_kept"),
        Rule("letter-days", days_kept, retention.forget_days_before, tables=("letter_days",), setting="work_kept"),
    )
