"""The meaning of a database error for the caller: one table over PostgreSQL's whole list of error classes.

Source: PostgreSQL 18, appendix A (error codes). A code that has a row of its own in `CODES` differs from its class.
"""

import ssl
from typing import Final, Literal

import asyncpg
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.tls import is_certificate_fault

Verdict = Literal["passes", "set-up", "ours"]
"""passes: the same work succeeds later, with no hand. set-up: it succeeds once a person has mended the server, its rights or its schema;
whoever runs the process starts it again until then. ours: it never succeeds, as the statement or a value in it is wrong."""

CLASSES: Final[dict[str, tuple[Verdict, str]]] = {
    "00": ("ours", "successful completion: no error, so code that raises it is wrong"),
    "01": ("ours", "warning: never raised unless code turns it into an error"),
    "02": ("ours", "no data: a cursor was read past its end"),
    "03": ("ours", "the statement is not complete"),
    "08": ("passes", "the connection broke or could not be made"),
    "09": ("ours", "a trigger of ours failed"),
    "0A": ("ours", "the server does not know what was asked of it"),
    "0B": ("ours", "a transaction was started the wrong way"),
    "0F": ("ours", "a large object locator is wrong"),
    "0L": ("set-up", "who granted a right had none to grant"),
    "0P": ("set-up", "the role that is to be taken does not exist"),
    "0Z": ("ours", "diagnostics were asked for outside a handler"),
    "10": ("ours", "XQuery: unused"),
    "20": ("ours", "a CASE without a branch"),
    "21": ("ours", "a subquery gave more than one row, or one key came twice in a statement"),
    "22": ("ours", "a value is out of range or has the wrong form"),
    "23": ("ours", "a constraint refuses the row"),
    "24": ("ours", "a cursor is in the wrong state"),
    "25": ("ours", "a statement in the wrong state of a transaction"),
    "26": ("ours", "a prepared statement that does not exist"),
    "27": ("ours", "a trigger changed the row that is being written"),
    "28": ("set-up", "the server does not know the role, or its password is another"),
    "2B": ("set-up", "rights that others depend on"),
    "2D": ("ours", "a transaction was ended the wrong way"),
    "2F": ("ours", "a routine of ours failed"),
    "34": ("ours", "a cursor that does not exist"),
    "38": ("ours", "a routine of ours failed outside SQL"),
    "39": ("ours", "a routine of ours was called the wrong way"),
    "3B": ("ours", "a savepoint that does not exist"),
    "3D": ("set-up", "the database does not exist"),
    "3F": ("set-up", "the schema does not exist: not migrated yet"),
    "40": ("passes", "a deadlock or a serialisation failure chose this transaction, or its end is not known"),
    "42": ("ours", "the statement is wrong"),
    "44": ("ours", "a view refuses the row"),
    "53": ("passes", "the server has no disk, memory or connection to spare"),
    "54": ("ours", "the statement is larger than the server takes"),
    "55": ("passes", "what the statement needs is in use, locked or not ready"),
    "57": ("passes", "the server stops, starts or recovers, or an operator or a time limit ended the statement"),
    "58": ("passes", "the operating system under the server failed: its disk or its files"),
    "72": ("passes", "a snapshot grew too old"),
    "F0": ("set-up", "the server's configuration file is wrong"),
    "HV": ("ours", "foreign data: unused"),
    "P0": ("ours", "a trigger of ours refuses the change"),
    "XX": ("ours", "the server found itself, its data or an index in a state that must not be"),
}
"""Each error class, what it means, and why."""

CODES: Final[dict[str, tuple[Verdict, str]]] = {
    "25006": ("passes", "the server is read-only: after a failover it is no longer the primary, or not yet"),
    "25P03": ("passes", "the server ended a transaction that stood idle: this process was held up"),
    "25P04": ("passes", "the server ended a transaction that took too long: this process was held up"),
    "40002": ("ours", "a constraint that is checked at the commit refuses the row"),
    "42501": ("set-up", "the role lacks a right: not migrated yet, or granted to another"),
    "42P01": ("set-up", "the table does not exist: not migrated yet"),
    "42703": ("set-up", "the column does not exist: not migrated yet, or migrated past this release"),
    "42704": ("set-up", "a type or a role does not exist: not migrated yet"),
    "42883": ("set-up", "a function does not exist: not migrated yet"),
    "57P04": ("set-up", "the database was dropped"),
}
"""The codes that mean something else than their class."""

UNKNOWN: Final[tuple[Verdict, str]] = ("ours", "a class that this table does not know")

READ_ONLY: Final = "25006"

DRIVER_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""All that the driver raises by itself: the server's word, a connection used the wrong way, or one cut in the middle of an answer."""

UNSTORABLE: Final = frozenset({"22000", "22001", "22003", "22007", "22008", "22021", "22P02", "22P05"})
"""A value that no column holds: too large a number, a date out of range, a text that is too long or no text. The driver says 22000 of a
value that it can't write."""


def verdict_of(error: BaseException) -> Verdict:
    """The error's meaning; `ours` for an error that came neither from the database nor from the way to it."""
    if isinstance(error, (ssl.SSLCertVerificationError, asyncpg.exceptions.ClientConfigurationError)):
        return "set-up"
    if is_certificate_fault(error):
        return "set-up"
    if isinstance(error, (OSError, TimeoutError, PoolTimeoutError, InvalidatePoolError)):
        return "passes"
    if not isinstance(error, (DBAPIError, *DRIVER_ERRORS)):
        return "ours"
    if getattr(error, "connection_invalidated", False):
        return "passes"
    sqlstate = sqlstate_of(error)
    if sqlstate is None:
        driver = getattr(error, "orig", None) or error
        if isinstance(driver, ValueError) or isinstance(driver.__cause__, ValueError):
            # A value that no parameter of that type can have: the driver did not even send it.
            return "ours"
        # The connection broke underneath, or a migration made a kept plan void, which the driver has thrown away by now.
        return "passes"
    verdict, _ = CODES.get(sqlstate) or CLASSES.get(sqlstate[:2]) or UNKNOWN
    return verdict


def sqlstate_of(error: BaseException) -> str | None:
    """The SQLSTATE that the server gave, five characters; None where it gave none."""
    sqlstate: str | None = getattr(getattr(error, "orig", error), "sqlstate", None)
    return sqlstate


def is_unstorable(error: BaseException) -> bool:
    """Whether the statement failed because of a value in it that no column holds."""
    return isinstance(error, (DBAPIError, *DRIVER_ERRORS)) and sqlstate_of(error) in UNSTORABLE


def is_transient(error: BaseException) -> bool:
    """Whether to wait and try the same work again: the fault passes by itself."""
    return verdict_of(error) == "passes"


def is_unavailable(error: BaseException) -> bool:
    """Whether the same request succeeds later as it is: once the fault has passed, or once a person has mended the server's set-up."""
    return verdict_of(error) != "ours"
