"""The data dictionary of the flat tables, written from their columns."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.tables import ALL

PAGE: Final = Path("docs/reference/tables.md")

_HEAD: Final = """# Flat tables

The tables that operations such as `GET /v1/schools/{school}/tables/crossings` and the command `star tables` write
([Take the tables into a spreadsheet](../how-to/take-the-tables.md)).

**Stable**: a column keeps its name, its kind and its meaning. A release can add columns at the end of a table, and add tables; a reader
takes columns by name. A column that must go is empty for a year first, and this page says so.

| kind | CSV | Parquet |
|---|---|---|
| text | as it is; a `'` stands before a text that a spreadsheet would run | `STRING` |
| integer, number | digits, with a decimal point | `INT64`, `DOUBLE` |
| boolean | `true`, `false` | `BOOLEAN` |
| date | `2026-10-19` | `DATE` |
| time | `2026-10-19T06:00:00Z`, in UTC | `TIMESTAMP`, in UTC |

An empty cell is null in Parquet. CSV is UTF-8 with commas and a header, after RFC 4180. Columns *by right* name somebody: they are there
when you ask for names and your role is at least `manage`.

This page is written by `make reference` from the columns that the code writes.
"""


def page() -> str:
    """The page, as it should be."""
    return "\n".join([_HEAD, *_sections()])


def _sections() -> Iterator[str]:
    for service, tables in ALL.items():
        for table in tables:
            yield f"## {table.name}\n"
            yield f"{table.meaning}. Written by {service}; its key is {', '.join(f'`{name}`' for name in table.key)}.\n"
            yield "| column | kind | empty | meaning |"
            yield "|---|---|---|---|"
            for column in table.columns:
                empty = "by right" if column.is_name else "yes" if column.optional else ""
                yield f"| `{column.name}` | {column.kind} | {empty} | {column.meaning} |"
            yield ""
