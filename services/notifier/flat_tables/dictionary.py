"""The columns of the table. They are promised: add to their end, and never rename one, drop one or change what it means."""

from dataclasses import replace
from typing import Final

from shared.flat_tables.table import NAMES, SCHOOL, STUDENT, STUDENT_ID, TERM, THRESHOLD, Column, FlatTable

LETTERS: Final = FlatTable(
    name="letters",
    meaning="One row for each delivery of a letter to one address, and for each letter that has no delivery",
    key=("letter_id", "delivery_id"),
    columns=(
        Column("letter_id", "text", "Id of the letter"),
        Column("delivery_id", "text", "Id of the delivery; empty for a letter that has none", optional=True),
        SCHOOL,
        TERM,
        STUDENT,
        STUDENT_ID,
        *NAMES,
        replace(THRESHOLD, meaning=f"{THRESHOLD.meaning}; empty for a letter that is about none", optional=True),
        Column("status", "text", "Status of the delivery, or of the letter without one, as the list of deliveries has it"),
        Column("channel", "text", "`email` or `text`; empty without a delivery", optional=True),
        Column("language", "text", "Language of the words; empty without a delivery", optional=True),
        Column("created_at", "time", "Time at which the letter began to wait"),
        Column("due_at", "time", "Time at which it was due"),
        Column("sent_at", "time", "Time at which it was sent", optional=True),
        Column("bounced_at", "time", "Time at which it came back", optional=True),
        Column("occasion", "text", "`statement`, `back-on-track` or `full-term`; empty for a letter about a threshold", optional=True),
    ),
)

TABLES: Final = (LETTERS,)
