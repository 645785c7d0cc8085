"""A database that is unwell for some seconds while marks flow: it is waited out, and nobody starts anything again."""

import subprocess
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.e2e.school import School, eventually, fresh_number
from tests.support.disks import NotPermittedError, fill, small_disk
from tests.support.dumps import BIN
from tests.support.stack import Stack, embedded_stack

LASTS: Final = 4.0
"""Seconds, and longer until a request has met the fault: a slow machine has hardly asked by then."""
PATIENCE: Final = 60.0

TABLES: Final = ("ingest.schools", "thresholds.register", "bus.messages")
"""The tables that requests and marks write first, on both buses."""

_RELOAD: Final = "SELECT pg_reload_conf()"
_CUT: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'star-%'"

Round = Callable[[], object]
"""Called again and again while the fault lasts."""

Fault = Callable[[Stack], AbstractContextManager[Round]]


@contextmanager
def read_only(stack: Stack) -> Iterator[Round]:
    """As between the fall of a primary and its successor."""
    stack.sql("ALTER SYSTEM SET default_transaction_read_only = on", _RELOAD)
    yield lambda: None
    stack.sql("SET default_transaction_read_only = off", "ALTER SYSTEM RESET default_transaction_read_only", _RELOAD)


@contextmanager
def locked(stack: Stack) -> Iterator[Round]:
    """An operator's session locks tables, and the server lets nobody wait for long."""
    stack.sql("ALTER SYSTEM SET lock_timeout = '200ms'", _RELOAD)
    lock = f"BEGIN; LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({LASTS + PATIENCE})"
    holder = subprocess.Popen(
        [BIN / "psql", "-qX", stack.database_url, "-c", "SET lock_timeout = 0", "-c", "SET application_name = 'holder'", "-c", lock],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield lambda: None
    stack.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'")
    holder.wait(60)
    stack.sql("ALTER SYSTEM RESET lock_timeout", _RELOAD)


@contextmanager
def cut(stack: Stack) -> Iterator[Round]:
    """Connections end, again and again."""
    yield lambda: stack.sql(_CUT)


@contextmanager
def full(stack: Stack) -> Iterator[Round]:
    """A disk that is full, as the server says it; no disk is filled for it."""
    stack.sql(
        "CREATE FUNCTION public.no_room() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$",
        *(f"CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION public.no_room()" for table in TABLES),
    )
    yield lambda: None
    stack.sql("DROP FUNCTION public.no_room() CASCADE")


@pytest.mark.parametrize("fault", [read_only, locked, cut, full], ids=lambda fault: fault.__name__)
def test_it_is_waited_out(school: School, fault: Fault) -> None:
    is_waited_out(school, fault)


@contextmanager
def really_full(stack: Stack) -> Iterator[Round]:
    """The data folder's disk has not one page left."""
    ballast = stack.data / "ballast"
    fill(ballast)
    yield lambda: None
    ballast.unlink()


def test_a_disk_that_is_really_full_is_waited_out(tmp_path: Path) -> None:
    with ExitStack() as cleanup:
        try:
            cleanup.enter_context(small_disk(tmp_path / "data"))
        except NotPermittedError as error:
            reason = f"A FULL DISK IS NOT TRIED: {error}"
            warnings.warn(reason, stacklevel=2)
            pytest.skip(reason)
        stack = cleanup.enter_context(embedded_stack(tmp_path))
        is_waited_out(School(stack, fresh_number()), really_full)


def is_waited_out(school: School, fault: Fault) -> None:
    """Marks, a school and looks at a total flow through the fault; all counts in the end, once, with no hand."""
    school.enrol(["100"])
    school.absent("100", 9)
    eventually(lambda: school.total("100"), 9)
    pid = school.stack.heart.pid
    unsent = [school.mark("100", half_day, "M") for half_day in range(9, 13)]
    answers: list[httpx.Response] = []
    missing: list[str] = []

    with fault(school.stack) as each_round:
        began = time.monotonic()
        while time.monotonic() < began + LASTS or (
            fault is not cut and time.monotonic() < began + PATIENCE and not any(answer.status_code == 503 for answer in answers)
        ):
            each_round()
            answers += [school.post(unsent[:1]), school.put_again(), ask_for_total(school)]
            if answers[-3].status_code == 202:
                del unsent[:1]
                unsent = unsent or [school.mark("100", 12, "M")]
            missing += httpx.get(school.stack.heart.health.replace("/healthz", "/readyz"), timeout=30).json()["missing"]

    for mark in unsent:
        eventually(partial(status_of, school, mark), 202)
    eventually(lambda: school.total("100"), 13)
    eventually(school.crossings, [("100", 5, "up", 1)])
    eventually(lambda: len(school.letters("100")), 1)
    eventually(lambda: school.put_again().status_code, 200)

    assert {answer.status_code for answer in answers} <= {200, 202, 503}, [answer.text for answer in answers if answer.is_server_error][:3]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert all("retry-after" in answer.headers for answer in refused)
    if fault is not cut:
        assert refused
    if fault is read_only:
        assert any(name.endswith("database") for name in missing)
    assert (school.stack.heart.pid, school.stack.heart.running) == (pid, True)
    assert httpx.get(school.stack.heart.health, timeout=30).status_code == 200


def ask_for_total(school: School) -> httpx.Response:
    return school.request("GET", "thresholds", f"/v1/schools/{school.number}/students/100/attendance")


def status_of(school: School, mark: dict[str, Any]) -> int:
    return school.post([mark]).status_code
