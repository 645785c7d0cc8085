"""The retention of uploads and their items: registers are kept seven years, and so is the evidence of what was sent of them."""

from datetime import timedelta
from typing import Final

from services.moe_sync.uploads.repository import retention
from shared.retention import Rule

AT_ONCE: Final = 500
SETTING: Final = "upload_retention"


def retention_rules(keep_for: timedelta) -> tuple[Rule, ...]:
    """Answered uploads go first, then versions that no upload holds any more, then items without a version."""
    return (
        Rule("uploads", keep_for, retention.forget_uploads_before, AT_ONCE, tables=("uploads", "upload_items"), setting=SETTING),
        Rule("versions", keep_for, retention.forget_versions_before, AT_ONCE, tables=("versions",), setting=SETTING),
        Rule("items", keep_for, retention.forget_items_before, AT_ONCE, tables=("items",), setting=SETTING),
    )
