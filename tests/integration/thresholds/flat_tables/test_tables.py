"""Flat tables over REST and by the command, on a real database and fed by events."""

import asyncio
import csv
import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyarrow import parquet
from sqlalchemy import text

from services.thresholds.app import create_app
from services.thresholds.flat_tables import reading, repository
from services.thresholds.settings import ThresholdsSettings
from shared.events.data import Mark, TermDates
from shared.identifiers import SchoolNumber, star_record_id, student_id
from tests.integration.thresholds.conftest import FIRST_DAY, Heart, absences
from tests.integration.thresholds.office import FRIDAY_EVENING, Office, mark_term, send_students
from tests.support.servers import serving

PATH = "/v1/schools/0999/tables"
TERMS = [TermDates("2026-T3", date(2026, 7, 20), date(2026, 9, 25)), TermDates("2026-T4", FIRST_DAY, date(2026, 12, 18))]
HEMI = str(student_id(SchoolNumber("0999"), "001"))
RECORD = str(star_record_id(student_id(SchoolNumber("0999"), "001"), "2026-T4", 5))


@pytest.fixture
async def office(heart: Heart, database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    settings = ThresholdsSettings(data=tmp_path, database_url=database_url)
    async with (
        serving(create_app(settings, clock=lambda: FRIDAY_EVENING)) as url,
        httpx.AsyncClient(base_url=url, timeout=60) as client,
    ):
        yield Office(client, tmp_path, PATH)


async def two_students(heart: Heart, office: Office) -> None:
    """Both of year 9; the first has missed ten half days, for illness, the first of them unexplained, and the school has answered."""
    await heart.school(terms=TERMS)
    await send_students(heart, range(1, 3), 9, "9A", "Kauri", key=lambda number: f"{number:03}")
    await mark_term(heart, {"001": 10, "002": 0})
    await heart.post(absences(1, student="001", code="?", recorded_at=FRIDAY_EVENING))
    await heart.post([Mark(student="001", date=date(2026, 7, 20), recorded_at=FRIDAY_EVENING, session="AM", code="M")])
    body = {"activity": "conversation-with-whanau", "occurred_on": "2026-10-19", "staff": "Ms Example", "note": "rang Mere"}
    headers = {"Authorization": f"Bearer {office.token('star:write')}"}
    answer = await office.http.post(f"/v1/star-records/{RECORD}/responses", json=body, headers=headers)
    assert answer.status_code == 201, answer.text


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_students_terms(heart: Heart, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await two_students(heart, office)
    # A page of one: the second student is on the next.
    monkeypatch.setattr(reading, "STUDENTS_AT_ONCE", 1)
    first, second = rows(await office.get(f"{PATH}/student-terms", term="2026-T4"))
    assert first == {
        "school": "0999",
        "term": "2026-T4",
        "student": "001",
        "student_id": HEMI,
        "year_level": "9",
        "groups": "9A; Kauri",
        "absent_half_days": "10",
        "absent_days": "5.0",
        "tier": "yellow",
        "attended_half_days": "48",
        "attendance_rate": "0.8276",
        "justified_half_days": "9",
        "unjustified_half_days": "1",
        "illness_half_days": "9",
        "unexplained_half_days": "1",
    }
    assert (second["student"], second["tier"], second["absent_half_days"]) == ("002", "green", "0")
    # Without a term, all that have begun; the second student came after the one before.
    terms = [row["term"] for row in rows(await office.get(f"{PATH}/student-terms"))]
    assert terms == ["2026-T3", "2026-T4", "2026-T4"]


async def test_crossings_and_responses(heart: Heart, office: Office) -> None:
    await two_students(heart, office)
    (crossing,) = rows(await office.get(f"{PATH}/crossings"))
    assert crossing.pop("changed_at").endswith("Z")
    assert crossing == {
        "record_id": RECORD,
        "school": "0999",
        "term": "2026-T4",
        "student": "001",
        "student_id": HEMI,
        "threshold": "5",
        "origin": "crossing",
        "status": "open",
        "crossed_on": "2026-10-16",
        "absent_days": "5.0",
        "responses": "1",
        "first_response_on": "2026-10-19",
    }
    (response,) = rows(await office.get(f"{PATH}/responses", term="2026-T4"))
    assert {name: response[name] for name in ("record_id", "activity", "standard", "label", "occurred_on", "recorded_at")} == {
        "record_id": RECORD,
        "activity": "conversation-with-whanau",
        "standard": "conversation-with-whanau",
        "label": "Conversation with whānau",
        "occurred_on": "2026-10-19",
        "recorded_at": "2026-11-20T06:00:00Z",
    }
    assert "rang" not in (await office.get(f"{PATH}/responses")).text


async def test_names_are_for_those_who_ask_and_may(heart: Heart, office: Office) -> None:
    await two_students(heart, office)
    plain = await office.get(f"{PATH}/crossings")
    assert "Hemi" not in plain.text
    assert plain.headers["content-disposition"] == 'attachment; filename="crossings-0999.csv"'
    named = rows(await office.get(f"{PATH}/crossings", names="true", token=office.token(role="manage")))
    assert [(row["given_name"], row["family_name"]) for row in named] == [("Hemi", "Example1")]
    refused = await office.get(f"{PATH}/crossings", names="true", token=office.token(role="respond"))
    assert refused.json()["type"] == "urn:nz-star:problem:missing-role"
    part = await office.get(f"{PATH}/crossings", token=office.token(groups=["9A"]))
    assert part.json()["type"] == "urn:nz-star:problem:part-of-a-school"
    lines = await heart.rows("SELECT students, filters FROM audit WHERE action = 'read-table' ORDER BY id")
    assert [(line.students, line.filters) for line in lines] == [
        (["001"], {"table": "crossings", "names": False, "form": "csv"}),
        (["001"], {"table": "crossings", "names": True, "form": "csv"}),
    ]


async def test_an_erased_student_has_no_name_in_any_table(heart: Heart, office: Office) -> None:
    await two_students(heart, office)
    async with heart.engine.begin() as connection:
        await connection.execute(text("DELETE FROM students WHERE student = '001'"))
    (row,) = rows(await office.get(f"{PATH}/crossings", names="true"))
    assert (row["student"], row["given_name"], row["family_name"]) == ("001", "", "")


async def test_the_same_as_parquet(heart: Heart, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await two_students(heart, office)
    monkeypatch.setattr(repository, "ROWS_AT_ONCE", 1)
    answer = await office.get(f"{PATH}/student-terms", term="2026-T4", format="parquet")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    first: dict[str, Any] = parquet.read_table(io.BytesIO(answer.content)).to_pylist()[0]
    assert (first["student"], first["absent_days"], first["year_level"], first["tier"]) == ("001", 5.0, 9, "yellow")


async def test_what_is_not_there(heart: Heart, office: Office) -> None:
    unknown = await office.get("/v1/schools/0999/tables/crossings")
    assert unknown.json()["type"] == "urn:nz-star:problem:unknown-school"
    await heart.school(terms=TERMS)
    unknown = await office.get(f"{PATH}/crossings", term="2020-T1")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:nz-star:problem:unknown-term")


async def test_without_pyarrow_parquet_is_refused_with_the_way_out(heart: Heart, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await heart.school(terms=TERMS)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = await office.get(f"{PATH}/crossings", format="parquet")
    assert (answer.status_code, answer.json()["type"]) == (501, "urn:nz-star:problem:no-parquet")
    assert "star-engine[parquet]" in answer.json()["detail"]


async def star(database_url: str, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "deploy.cli", "tables", *arguments]
    environment = {"STAR_DATABASE_URL": database_url, "PATH": "/usr/bin:/bin"}
    done = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


async def test_the_command_writes_them_all(heart: Heart, office: Office, database_url: str, tmp_path: Path) -> None:
    await two_students(heart, office)
    code, out, err = await star(
        database_url, str(tmp_path / "again"), "--term", "2026-T4", "--school", "999", "--json", "--data", str(tmp_path)
    )
    assert code == 0, err
    written = {table["table"]: table["rows"] for table in json.loads(out)["tables"]}
    assert written == {"student-terms": 2, "crossings": 1, "responses": 1, "letters": 0, "uploads": 0}
    with (tmp_path / "again" / "student-terms.csv").open() as file:
        assert [row["student"] for row in csv.DictReader(file)] == ["001", "002"]
    code, _, err = await star(database_url, str(tmp_path / "again"), "--data", str(tmp_path))
    assert code == 1 and "is there already: name an empty folder" in err
    code, _, err = await star(database_url, str(tmp_path / "other"), "--school", "0189", "--data", str(tmp_path))
    assert (code, err.strip()) == (1, "Error: this school has not been sent yet")
    (lines,) = await heart.rows("SELECT count(*) AS number FROM audit WHERE action = 'read-table' AND subject = 'star command'")
    assert lines.number == 3
