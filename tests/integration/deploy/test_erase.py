"""`star erase` is refused where a school, a worker or a reason without names is missing. Its effects are tried end to end."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from deploy.erasing import erasing
from shared.db.engine import create_engine
from shared.erasures import repository as erasures
from shared.erasures.erasure import Tally
from shared.events.data import StudentErased
from shared.identifiers import SchoolNumber, student_id

NOW = datetime(2026, 10, 19, 12, tzinfo=UTC)
SCHOOL = SchoolNumber("0999")


@pytest.fixture
async def school(database_url: str) -> str:
    """A school with one child under two keys, and another child."""
    connection = await asyncpg.connect(database_url)
    document = json.dumps({"school": "0999", "name": "Example Kura", "terms": []})
    await connection.execute("INSERT INTO ingest.schools (school, document, updated_at) VALUES ('0999', $1, now())", document)
    for key in ("12345", "777", "1"):
        student = {
            "school": "0999",
            "student": key,
            "student_id": str(student_id("0999", key)),
            "given_name": "Hemi",
            "family_name": "Example",
            "updated_at": NOW.isoformat(),
        }
        await connection.execute("INSERT INTO ingest.students VALUES ('0999', $1, $2)", key, json.dumps(student))
    await connection.execute("INSERT INTO ingest.merged_students VALUES ('0999', '777', '12345', now(), 's')")
    await connection.close()
    return database_url


async def star(database_url: str, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "deploy.cli", "erase", "--wait", "0", *arguments]
    environment = {"STAR_DATABASE_URL": database_url, "PATH": "/usr/bin:/bin"}
    done = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


async def test_a_worker_that_is_down_is_named(school: str) -> None:
    code, out, err = await star(school, "--school", "999", "--student", "12345", "--why", "the family asked", "--json")
    assert code == 1
    assert "not applied yet by ingest, thresholds, notifier, moe-sync" in err
    told: dict[str, Any] = json.loads(out)
    assert (told["student_id"], told["other_keys"]) == (str(student_id("0999", "12345")), ["777"])
    assert [service["applied"] for service in told["services"]] == [False] * 4


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--school", "0189", "--student", "12345", "--why", "asked"), "there is no school 0189"),
        (("--school", "0999", "--student", "12345", "--why", "Hemi asked"), "names the student or a caregiver"),
        (("--school", "0999", "--student", "12345", "--why", " "), "give a reason"),
        (("--school", "0999", "--student", "ā", "--why", "asked"), "printable ASCII"),
    ],
)
async def test_a_refusal_is_one_line_and_nothing_is_erased(school: str, arguments: tuple[str, ...], says: str) -> None:
    code, _, err = await star(school, *arguments)
    assert code != 0 and says in err and "Traceback" not in err
    connection = await asyncpg.connect(school)
    assert await connection.fetchval("SELECT count(*) FROM ingest.students") == 3
    assert await connection.fetchval("SELECT count(*) FROM ingest.audit") == 0
    await connection.close()


async def test_a_child_of_two_keys_is_erased_under_both_and_once_on_record(school: str) -> None:
    async with erasing(school) as services:
        erased = await services.begin(SCHOOL, "777", "the family asked", "an operator", NOW)
        assert [of_key.student for of_key in erased] == ["12345", "777"]
        assert await services.applied(erased, timedelta(0)) == {}
        for service, engine in services.engines.items():
            async with engine.begin() as connection:
                for of_key in erased:
                    await erasures.note(connection, of_key, Tally({"letters": 2}, {"letters": 1}), NOW)
            assert service in await services.applied(erased, timedelta(0))
        tallies = await services.applied(erased, timedelta(0))
    assert tallies["notifier"] == Tally({"letters": 4}, {"letters": 2})
    connection = await asyncpg.connect(school)
    assert [row[0] for row in await connection.fetch("SELECT student FROM ingest.students")] == ["1"]
    (line,) = await connection.fetch("SELECT action, subject, students, cardinality(student_ids) FROM ingest.audit")
    assert tuple(line) == ("erase-student", "an operator", ["777"], 2)
    await connection.close()


async def test_a_tally_is_added_to_when_the_same_erasure_is_applied_again(database_url: str) -> None:
    engine = create_engine(database_url, "notifier", pool_size=1)
    who = student_id("0999", "1")

    def at(hours: int) -> StudentErased:
        return StudentErased(school="0999", student="1", student_id=who, erased_at=NOW + timedelta(hours=hours))

    async with engine.begin() as connection:
        await erasures.note(connection, at(0), Tally({"letters": 2, "contacts": 1}), NOW)
        await erasures.note(connection, at(0), Tally({"letters": 1}, {"letters": 3}), NOW)
        again = await erasures.get(connection, who)
        await erasures.note(connection, at(1), Tally({"contacts": 1}), None)
        newer = await erasures.get(connection, who)
        await erasures.note(connection, at(0), Tally({"letters": 9}), NOW)
        late = await erasures.get(connection, who)
    await engine.dispose()
    assert again is not None and newer is not None
    assert (again.removed, again.kept) == ({"letters": 3, "contacts": 1}, {"letters": 3})
    assert (newer.removed, newer.applied_at) == ({"contacts": 1}, None)
    assert late == newer
