"""How long e-mails to staff are kept, the work on them, and the changes of tier that digests report."""

from datetime import timedelta

from services.notifier.staff_mail.repository import movements, notices
from shared.retention import Rule


def retention_rules(work_kept: timedelta, letters_kept: timedelta) -> tuple[Rule, ...]:
    """The work on a notice goes once the notice is settled: one without an address starts again by its work item, however old."""
    return (
        Rule("notices", work_kept, notices.forget_work_before, setting="work_kept"),
        Rule("movements", work_kept, movements.forget_before, tables=("movements",), setting="work_kept"),
        Rule("staff-mail", letters_kept, notices.forget_before, tables=("notices",), setting="letters_kept"),
    )
