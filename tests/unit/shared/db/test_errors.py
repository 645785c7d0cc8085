"""Every error that PostgreSQL knows has a meaning: read off the driver's own list of them."""

import asyncpg
import pytest
from asyncpg import exceptions
from sqlalchemy.exc import DBAPIError

from shared.db.errors import CLASSES, CODES, is_transient, verdict_of

KNOWN = {error.sqlstate for error in vars(exceptions).values() if isinstance(getattr(error, "sqlstate", None), str)}


class ServerError(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate


def raised(sqlstate: str | None) -> DBAPIError:
    return DBAPIError("SELECT 1", None, ServerError(sqlstate))


def test_every_class_that_the_driver_knows_is_in_the_table() -> None:
    assert len(KNOWN) > 200
    assert {sqlstate[:2] for sqlstate in KNOWN} <= CLASSES.keys()


def test_codes_of_their_own_differ_from_their_class() -> None:
    assert all(verdict != CLASSES[code[:2]][0] for code, (verdict, _) in CODES.items())


@pytest.mark.parametrize(
    "sqlstate",
    [
        None,  # the connection broke underneath
        "08006",  # connection failure
        "25006",  # read-only, after a failover
        "40001",  # serialisation failure
        "40P01",  # deadlock
        "53100",  # disk full
        "53300",  # too many connections
        "55P03",  # lock timeout
        "57014",  # statement timeout
        "57P01",  # an operator ends the connection
        "57P03",  # the server starts
        "58030",  # the disk does not answer
    ],
)
def test_it_passes(sqlstate: str | None) -> None:
    assert is_transient(raised(sqlstate))


@pytest.mark.parametrize(
    ("sqlstate", "verdict"),
    [
        ("28P01", "set-up"),
        ("3D000", "set-up"),
        ("42501", "set-up"),
        ("42P01", "set-up"),
        ("22021", "ours"),
        ("23505", "ours"),
        ("99999", "ours"),
    ],
)
def test_it_does_not_pass(sqlstate: str, verdict: str) -> None:
    error = raised(sqlstate)
    assert verdict_of(error) == verdict
    assert not is_transient(error)


def test_the_drivers_own_errors_are_judged_alike() -> None:
    assert is_transient(asyncpg.CannotConnectNowError("starting up"))
    # A connection that was cut in the middle of an answer leaves the driver itself at a loss.
    assert is_transient(asyncpg.InternalClientError("unexpected state"))
    assert verdict_of(asyncpg.InvalidPasswordError("no")) == "set-up"
    assert verdict_of(ValueError("no error of the database")) == "ours"
