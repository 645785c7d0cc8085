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


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://star:word@h:none/d",
        "postgresql://star:word@h:0/d",
        "postgresql://star:word@a:5432,b:70000/d",
        # Passwords that nobody escaped.
        "postgresql://star:se/cret@h/d",
        "postgresql://star:1/cret@h/d",
        "postgresql://star:p@ss/cret@h/d",
        "postgresql://star:se#cret@h/d",
        "postgresql://star:1#cret@h/d",
        "postgresql://star:se?cret@h/d",
        "postgresql://star:1?cret@h/d",
        "postgresql://star:se[cret@h/d",
        "postgresql://star:se\uff0fcret@h/d",
    ],
)
def test_an_address_whose_password_ends_early_is_refused_without_its_words(url: str) -> None:
    with pytest.raises(ValidationError, match="in a password @ : / ") as refused:
        Settings(database_url=url)
    assert "cret" not in str(refused.value.errors(include_input=False)[0]["msg"])


@pytest.mark.parametrize(
    "url",
    ["", "postgresql:///d", "postgresql://u:p%40%2F%23@[::1]:5432/d", "postgresql://u:p@ss@h/d", "postgresql://u@/d?host=%2Ftmp&port=1"],
)
def test_other_addresses_are_taken_as_they_are(url: str) -> None:
    assert Settings(database_url=url).database_url == url
