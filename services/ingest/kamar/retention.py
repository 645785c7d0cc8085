"""How long a KAMAR document is kept that failed, or never came in to its end. That there was a document stays on file."""

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
