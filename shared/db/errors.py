"""Which database errors pass by themselves."""

from typing import Final

from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

TRANSIENT_CLASSES: Final = frozenset({"08", "40", "53", "57"})
"""SQLSTATE classes: connection exception, transaction rollback, insufficient resources, operator intervention."""


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later: the database is away, restarting, overloaded, or chose us in a deadlock."""
    if isinstance(error, (OSError, TimeoutError, PoolTimeoutError, InvalidatePoolError)):
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        sqlstate = getattr(error.orig, "sqlstate", None)
        # Without a SQLSTATE the server said nothing: the connection broke underneath.
        return sqlstate is None or sqlstate[:2] in TRANSIENT_CLASSES
    return False
