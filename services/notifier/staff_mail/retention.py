"""How long the work on e-mails to staff is kept."""

from datetime import timedelta

from services.notifier.staff_mail.repository import notices
from shared.retention import Rule


def retention_rules(keep_for: timedelta) -> tuple[Rule, ...]:
    """The work on a notice goes once the notice is settled: one without an address starts again by its work item, however old."""
    return (Rule("notices", keep_for, notices.forget_work_before),)
