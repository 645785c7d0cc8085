"""Errors that are an operator's to mend, each in one line that names the command that mends it."""

import errno
import re
import ssl
from typing import Final

import asyncpg
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import DBAPIError

from deploy.topics import UnsafeTopicsError
from shared.attendance.codes import CodeTableError
from shared.auth.keys import KeyFileError
from shared.bus.interface import BusRefusedError, BusUnavailableError
from shared.db.errors import sqlstate_of
from shared.db.logins import PasswordError
from shared.db.migrate import MigrationBlockedError
from shared.set_up import SetUpError
from shared.settings_file import SettingsFileError, settings_file
from shared.web.server import CannotServeError

DOCTOR: Final = "`star doctor` shows what else is missing"

NOT_MIGRATED: Final = "the database is not migrated to this release: run `star migrate`"
BY_STATE: Final = {
    "22023": NOT_MIGRATED,  # the session's role does not exist
    "3F000": NOT_MIGRATED,
    "42P01": NOT_MIGRATED,
    "42703": NOT_MIGRATED,
    "42704": NOT_MIGRATED,
    "42883": NOT_MIGRATED,
    "42501": "the database refuses a right: run `star migrate` as the user who owns the database",
    "3D000": "the database that STAR_DATABASE_URL names does not exist: create it, then run `star migrate`",
    "53100": "the database's disk is full: make room there, then start again",
    "53300": f"the database has no connection left: raise its max_connections, or lower STAR_DATABASE_POOL; {DOCTOR}",
    "28000": f"the database does not let this user in: correct STAR_DATABASE_URL; {DOCTOR}",
    "28P01": f"the database refuses the password: correct STAR_DATABASE_URL; {DOCTOR}",
}
"""By PostgreSQL's SQLSTATE."""

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})

LINES: Final[dict[type[BaseException], str]] = {
    CodeTableError: "the attendance codes can't be used: {}",
    MigrationBlockedError: "{}, then run `star migrate` again: it goes on where it ended",
    CannotServeError: "{}: if another process has the port, choose one with --port",
    UnsafeTopicsError: "topics exist under whose settings data would be lost: {}: alter them, then run `star migrate` again",
    PasswordError: "{}: choose another",
    BusRefusedError: f"{{}}; {DOCTOR}",
    BusUnavailableError: f"the bus does not answer ({{}}): start the broker, or correct STAR_BUS and STAR_KAFKA_BOOTSTRAP; {DOCTOR}",
    KeyFileError: f"{{}}: put the right file back, or remove it, and the next start makes a new key; {DOCTOR}",
    SetUpError: f"{{}}; {DOCTOR}",
    SettingsFileError: f"{{}}: correct it, or name another with STAR_CONFIG; {DOCTOR}",
}
"""By the engine's own errors."""


def explained(error: BaseException) -> str | None:
    """The line for an operator; None for an error that is no fault of the set-up."""
    for kind, line in LINES.items():
        if isinstance(error, kind):
            return line.format(error)
    match error:
        case ValidationError() if error.title.endswith("Settings"):
            return f"{invalid_settings(error)}: {_correct()}; {DOCTOR}"
        case SettingsError():
            return f"{unreadable_setting(error)}: {_correct()}; {DOCTOR}"
        case DBAPIError() | asyncpg.PostgresError() | asyncpg.InterfaceError() | asyncpg.InternalClientError():
            return _of_database(error)
        case OSError() if error.errno in FULL:
            return f"the disk is full{f', of {error.filename}' if error.filename else ''}: make room, or choose another folder with --data"
        case OSError() if error.errno == errno.ENOENT and error.filename is not None:
            return f"{error.filename} is not there: correct the name, or choose another folder with --data"
        case OSError() if error.filename is not None:
            return f"{error.filename}: {error.strerror}: give this user the right to it, or choose another folder with --data"
        case OSError() | TimeoutError():
            return _of_network(error)
    return None


def invalid_settings(error: ValidationError) -> str:
    """Which variables can't be used and why; never what they say, which may be a secret."""
    details = error.errors(include_url=False, include_input=False, include_context=False)
    # What several settings must be together names them itself.
    names = [f"STAR_{str(item['loc'][0]).upper()}: " if item["loc"] else "" for item in details]
    return "; ".join(name + item["msg"].removeprefix("Value error, ") for name, item in zip(names, details, strict=True))


def unreadable_setting(error: SettingsError) -> str:
    """Which variable has no JSON."""
    field = re.search(r'field "(\w+)"', str(error))
    return f"STAR_{field[1].upper()} is no JSON" if field else str(error)


def _correct() -> str:
    file = settings_file()
    return f"correct the environment or {file}" if file else "correct the environment"


def _of_database(error: BaseException) -> str | None:
    sqlstate = sqlstate_of(error)
    if sqlstate is None:
        if "invalid DSN" in str(error):
            return f"STAR_DATABASE_URL is no address of a database (postgresql://...); {DOCTOR}"
        return _away(error)
    if sqlstate not in BY_STATE and sqlstate[:2] in {"08", "53", "57"}:
        return _away(error)
    return BY_STATE.get(sqlstate)


def _of_network(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"the database's certificate is not to be trusted ({error.verify_message})"
        return f"{reason}: correct sslrootcert or the host in STAR_DATABASE_URL; {DOCTOR}"
    if "rejected SSL upgrade" in str(error):
        return f"the database does not speak TLS: correct sslmode or the port in STAR_DATABASE_URL, or turn `ssl` on there; {DOCTOR}"
    return _away(error)


def _away(error: BaseException) -> str:
    return f"the database does not answer ({type(error).__name__}): start it, or correct STAR_DATABASE_URL; {DOCTOR}"
