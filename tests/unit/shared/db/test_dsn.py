"""The database's URL, as people write it."""

import pytest
from pydantic import ValidationError

from shared.db.dsn import dsn_of, tls_of
from shared.settings import Settings


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("postgres://u:p@h/d", "postgresql://u:p@h/d"),
        ("postgresql+asyncpg://u@h:5433/d", "postgresql://u@h:5433/d"),
        ("postgresql://u@h/d?sslmode=verify-full&sslrootcert=/ca", "postgresql://u@h/d?sslmode=verify-full&sslrootcert=%2Fca"),
        ("postgresql://u@h/d?sslmode=require&channel_binding=require", "postgresql://u@h/d?sslmode=require"),
        ("postgresql://u@h/d?connect_timeout=3", "postgresql://u@h/d"),
        ("postgresql://u@a:1,b:2/d?target_session_attrs=read-write", "postgresql://u@a:1,b:2/d?target_session_attrs=read-write"),
        ("postgresql://u@h/d?sslmode=verify-full&sslrootcert=system", "postgresql://u@h/d?sslmode=verify-full"),
        ("postgresql://p@/d?host=%2Ftmp%2Fs&port=1", "postgresql://p@/d?host=%2Ftmp%2Fs&port=1"),
    ],
)
def test_whatever_wrote_it_asyncpg_reads_it(written: str, read: str) -> None:
    assert dsn_of(written) == read


def test_the_authorities_of_this_machine_verify_the_name() -> None:
    assert tls_of("postgresql://u@h/d?sslmode=verify-full&sslrootcert=/ca") is None
    context = tls_of("postgresql://u@h/d?sslmode=verify-full&sslrootcert=system")
    assert context is not None
    assert context.check_hostname


def test_a_file_that_is_not_there_is_named_at_the_start() -> None:
    with pytest.raises(ValidationError, match="sslrootcert names no file that can be read"):
        Settings(database_url="postgresql://u:secret@h/d?sslmode=verify-full&sslrootcert=/nowhere/ca.pem")
