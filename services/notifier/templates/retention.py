"""How long it is kept that a school has sent letters to itself."""

from datetime import timedelta

from services.notifier.templates.repository import trials
from shared.retention import Rule


def retention_rules(keep_for: timedelta) -> tuple[Rule, ...]:
    """One rule."""
    return (Rule("trials", keep_for, trials.forget_settled_before, tables=("trials",), setting="work_kept"),)
