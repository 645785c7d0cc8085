"""Indexes and constraints of tables that are in use, made beside their writers; for migrations.

A revision that calls these says `outside_transaction = True`: its statements are kept one by one, and it can begin again after any of
them. Where a revision is run inside a transaction all the same, as in a schema that nobody uses yet, indexes are built in the plain way.
"""

from typing import Final

from alembic import op
from sqlalchemy import text

OUTSIDE: Final = "outside_transaction"
"""The name in a revision's module."""

_WAITS_FOR_TRANSACTIONS: Final = "10min"
"""An index that is built beside the writers waits for every transaction that was open, and keeps nobody waiting meanwhile."""


def create_index(name: str, on: str, *, unique: bool = False) -> None:
    """Creates an index; `on` is what follows ON: `work (kind, due_at) WHERE ...`.

    An index that is there stays; one that a broken-off run has left invalid is built anew.
    """
    kind = "UNIQUE INDEX" if unique else "INDEX"
    if not _outside():
        op.execute(f"CREATE {kind} {name} ON {on}")
        return
    found = op.get_bind().execute(text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"), {"name": name})
    is_valid = found.scalar_one_or_none()
    if is_valid:
        return
    if is_valid is not None:
        _patiently(f"DROP INDEX CONCURRENTLY {name}")
    _patiently(f"CREATE {kind} CONCURRENTLY {name} ON {on}")


def drop_index(name: str) -> None:
    """Drops an index, if it is there."""
    if _outside():
        _patiently(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    else:
        op.execute(f"DROP INDEX IF EXISTS {name}")


def add_check(table: str, name: str, condition: str) -> None:
    """Adds a CHECK that holds for new rows at once, and for those that are there once they have been looked through."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _outside() -> bool:
    return op.get_bind().get_execution_options().get("isolation_level") == "AUTOCOMMIT"


def _patiently(statement: str) -> None:
    connection = op.get_bind()
    timeout = connection.execute(text("SHOW lock_timeout")).scalar_one()
    op.execute(f"SET lock_timeout = '{_WAITS_FOR_TRANSACTIONS}'")
    op.execute(statement)
    op.execute(f"SET lock_timeout = '{timeout}'")
