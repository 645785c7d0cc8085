"""The line that an operator reads of an error names its cause, and not another's mend."""

import errno

import asyncpg
import pytest

from deploy.cli.faults import explained


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full: make room"),
        (OSError(errno.ENOSPC, "No space left on device", "/data/key.pem"), "the disk is full, of /data/key.pem: make room"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk is full: make room"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/nowhere"), "/nowhere is not there: correct the name"),
        (PermissionError(errno.EACCES, "Permission denied", "/data"), "/data: Permission denied: give this user the right to it"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "the database does not answer"),
        (asyncpg.DiskFullError("x"), "the database's disk is full: make room there"),
        (
            asyncpg.TooManyConnectionsError("x"),
            "the database has no connection left: raise its max_connections, or lower STAR_DATABASE_POOL",
        ),
        (asyncpg.CannotConnectNowError("x"), "the database does not answer"),
    ],
)
def test_each_cause_has_its_own_mend(error: Exception, words: str) -> None:
    assert (explained(error) or "").startswith(words)
