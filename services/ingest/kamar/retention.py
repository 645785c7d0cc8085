"""How long KAMAR's documents and pastoral rows are kept."""

from datetime import timedelta
from typing import Final

from services.ingest.kamar.repository import documents, students
from shared.retention import Rule

AT_ONCE: Final = 100
"""Documents that never arrived, or chunks (256 KiB each) of others."""


KEPT_FOR: Final = timedelta(days=400)
"""Longer than the longest school year: what was said of a year can be looked up to its end."""


def retention_rules(payload_kept: timedelta) -> tuple[Rule, ...]:
    """Payloads of settled documents; documents that began to come in and never arrived; pastoral rows; and, later than its payload, that
    there was a document, with what was refused in it."""
    return (
        Rule(
            "kamar-payloads",
            payload_kept,
            documents.forget_payloads_before,
            AT_ONCE,
            tables=("kamar_chunks",),
            setting="kamar_payload_kept",
        ),
        Rule("kamar-arriving", payload_kept, documents.forget_arriving_before, AT_ONCE, setting="kamar_payload_kept"),
        Rule("kamar-documents", KEPT_FOR, documents.forget_settled_before, AT_ONCE, tables=("kamar_documents", "refusals")),
        Rule("kamar-pastoral", KEPT_FOR, students.forget_pastoral_before, tables=("kamar_pastoral",)),
    )
