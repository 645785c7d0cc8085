"""The retention of KAMAR documents that failed, or that never arrived whole. The row that says there was a document stays."""

from datetime import timedelta
from typing import Final

from services.ingest.kamar.repository import documents
from shared.retention import Rule

AT_ONCE: Final = 100
"""Documents that never arrived, or chunks (256 KiB each) of others."""


def retention_rules(keep_for: timedelta) -> tuple[Rule, ...]:
    """Payloads of settled documents; documents that began to come in and never arrived."""
    return (
        Rule("kamar-payloads", keep_for, documents.forget_payloads_before, AT_ONCE),
        Rule("kamar-arriving", keep_for, documents.forget_arriving_before, AT_ONCE),
    )
