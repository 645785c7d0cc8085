"""The columns of the table. They are promised: add to their end, and never rename one, drop one or change what it means."""

from typing import Final

from shared.flat_tables.table import SCHOOL, TERM, Column, FlatTable

UPLOADS: Final = FlatTable(
    name="uploads",
    meaning="One row for each upload to the Ministry",
    key=("upload_id",),
    columns=(
        Column("upload_id", "text", "Id of the upload"),
        SCHOOL,
        TERM,
        Column("week", "text", "School week, as in `2026-W43`"),
        Column("number", "integer", "Number of the upload within its week, from 1"),
        Column("status", "text", "`pending`, `sending`, `accepted`, `partly-accepted` or `refused`"),
        Column("records", "integer", "STAR records in it"),
        Column("responses", "integer", "Responses in it"),
        Column("new_items", "integer", "Items that no upload had before"),
        Column("amended_items", "integer", "Items that changed since they were sent"),
        Column("withdrawn_items", "integer", "Items that were taken back"),
        Column("rejected_items", "integer", "Items that the Ministry rejected"),
        Column("created_at", "time", "Time at which it was built"),
        Column("answered_at", "time", "Time of the Ministry's answer", optional=True),
        Column("receipt", "text", "The Ministry's receipt", optional=True),
    ),
)

TABLES: Final = (UPLOADS,)
