"""Faults of certificates, however a library wraps them."""

import ssl

import pytest

from shared.db.errors import verdict_of
from shared.tls import is_certificate_fault


def wrapped(cause: BaseException, *, chained: bool = True) -> BaseException:
    outer = OSError("no connection")
    if chained:
        outer.__cause__ = cause
    else:
        outer.__context__ = cause
    return outer


def alert(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


@pytest.mark.parametrize("chained", [True, False])
@pytest.mark.parametrize(
    "fault", [ssl.SSLCertVerificationError(), alert("TLSV13_ALERT_CERTIFICATE_REQUIRED"), alert("TLSV1_ALERT_UNKNOWN_CA")]
)
def test_a_certificate_is_a_fault_of_the_set_up(fault: ssl.SSLError, chained: bool) -> None:
    for error in (fault, wrapped(fault, chained=chained), wrapped(wrapped(fault), chained=chained)):
        assert is_certificate_fault(error)
        assert verdict_of(error) == "set-up"


OTHERS = [OSError(), ssl.SSLError(), alert("WRONG_VERSION_NUMBER"), TimeoutError(), wrapped(ConnectionResetError())]


@pytest.mark.parametrize("error", OTHERS)
def test_whatever_else_breaks_a_connection_passes(error: BaseException) -> None:
    assert not is_certificate_fault(error)
    assert verdict_of(error) == "passes"


def test_errors_that_come_from_each_other_end() -> None:
    first, second = OSError(), OSError()
    first.__context__, second.__context__ = second, first
    assert not is_certificate_fault(first)
