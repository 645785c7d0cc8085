"""Files through the imports endpoint: a dry run publishes nothing, a real one exactly the rows, and every refusal has its line."""

import gzip
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.ingest.app import create_app
from services.ingest.settings import IngestSettings
from shared.bus.interface import BusUnavailableError, Outgoing
from tests.integration.ingest.conftest import NOW, Door
from tests.integration.ingest.marks.test_refusals import kind
from tests.support.servers import serving

PATH = "/v1/schools/0999/imports"
FILE = "Student ID,Date,Session,Code,Updated\n12345,13/10/2026,AM,M,13/10/2026 9:05\n12346,13/10/2026,PM,P,\n"
MARKS = [
    {"student": "12345", "date": "2026-10-13", "session": "AM", "code": "M", "recorded_at": "2026-10-13T09:05:00+13:00"},
    {"student": "12346", "date": "2026-10-13", "session": "PM", "code": "P", "recorded_at": NOW.isoformat()},
]


async def send(door: Door, body: str | bytes, *, headers: dict[str, str] | None = None, token: str | None = None, **query: Any) -> Any:
    return await door.send(
        "POST",
        PATH,
        content=body,
        params={"kind": "marks"} | query,
        headers={"Content-Type": "text/csv"} | (headers or {}),
        token=token,
    )


async def published(door: Door) -> list[dict[str, Any]]:
    return [mark for message in await door.published() for mark in json.loads(message.value or b"")["marks"]]


async def test_a_dry_run_reports_and_publishes_nothing(door: Door) -> None:
    answer = await send(door, FILE + "12345,2026-10-17,AM,P,\n", dry_run="true")
    assert answer.status_code == 200
    assert answer.json() == {
        "kind": "marks",
        "dry_run": True,
        "rows": 3,
        "accepted": 2,
        "refused": {"closed-day": 1},
        "refusals": [{"line": 4, "reason": "closed-day", "detail": "the school is not open on that day"}],
        "columns": {"Student ID": "student", "Date": "date", "Session": "session", "Code": "code", "Updated": "recorded_at"},
        "ignored_columns": [],
        "first_date": "2026-10-13",
        "last_date": "2026-10-17",
        "students": 2,
        "last_line": 4,
    }
    assert await door.published() == []


async def test_an_import_publishes_exactly_the_rows(door: Door) -> None:
    answer = await send(door, FILE)
    assert answer.status_code == 200
    assert (answer.json()["accepted"], answer.json()["dry_run"]) == (2, False)
    (message,) = await door.published()
    event = json.loads(message.value or b"")
    assert event == {"school": "0999", "source": "csv", "received_at": NOW.isoformat().replace("+00:00", "Z"), "marks": MARKS}
    assert dict(message.headers)["ce_type"] == b"nz.star.marks.recorded.v1"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1252"])
async def test_gzip_and_what_systems_write(door: Door, encoding: str) -> None:
    text = FILE.replace(",", ";").replace("\n", "\r\n").replace("Student ID", "Student ID;Élève")
    rows = [text.split("\r\n")[0], *(line.replace(";", ";é;", 1) for line in text.split("\r\n")[1:-1])]
    answer = await send(door, gzip.compress("\r\n".join(rows).encode(encoding)), headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["ignored_columns"] == ["Élève"]
    assert await published(door) == MARKS


async def test_many_rows_are_many_events_and_memory_holds_a_batch(door: Door) -> None:
    rows = [f"{number},2026-10-13,AM,P,\n" for number in range(12_001)]
    answer = await send(door, FILE.splitlines()[0] + "\n" + "".join(rows))
    assert (answer.json()["accepted"], answer.json()["students"], answer.json()["last_line"]) == (12_001, 12_001, 12_002)
    sizes = [len(json.loads(message.value or b"")["marks"]) for message in await door.published()]
    assert sizes == [500] * 24 + [1]
    assert [mark["student"] for mark in await published(door)] == [str(number) for number in range(12_001)]


async def test_a_client_carries_on_behind_a_line(door: Door) -> None:
    answer = await send(door, FILE, from_line=2)
    assert (answer.json()["rows"], answer.json()["last_line"]) == (1, 3)
    assert await published(door) == MARKS[1:]
    assert (await send(door, FILE, from_line=3)).json() | {"columns": {}} == {
        **answer.json(),
        "rows": 0,
        "accepted": 0,
        "columns": {},
        "first_date": None,
        "last_date": None,
        "students": 0,
    }


async def test_the_moment_of_a_file_and_columns_that_are_told(door: Door) -> None:
    text = FILE.replace("Student ID", "Ref").replace("Updated", "Seen")
    answer = await send(door, text, map=["Ref=student", "seen="], recorded_at="14/10/2026 8:00 am")
    assert answer.status_code == 200, answer.text
    assert {mark["recorded_at"] for mark in await published(door)} == {"2026-10-14T08:00:00+13:00"}


async def test_at_most_a_hundred_refusals_are_listed_and_none_quotes_its_row(door: Door) -> None:
    rows = [f"Hemi {number},2026-10-13,AM,Hemi,\n" for number in range(150)]
    answer = await send(door, FILE + "".join(rows))
    assert answer.status_code == 200
    assert answer.json()["refused"] == {"unknown-code": 150}
    assert [item["line"] for item in answer.json()["refusals"]] == list(range(4, 104))
    assert "Hemi" not in answer.text
    assert await published(door) == MARKS


async def test_students(door: Door) -> None:
    header = "id;first name;surname;year;groups;nsn;caregiver 1 name;caregiver 1 email;caregiver 1 mailing address"
    text = header + "\n1;Made;Up;Y9;9A,Choir;12;Some Body;s@example.nz;1 Made Up Road, Wellington 6011\n2;;;;;;;;\n"
    token = door.token("roster:write")
    answer = await send(door, text, kind="students", token=token, dry_run="true")
    assert (answer.json()["accepted"], answer.json()["refused"]) == (1, {"bad-field": 1})
    assert await door.published("star.students.v1") == []
    assert (await send(door, text, kind="students", token=token)).status_code == 200
    (message,) = await door.relayed()
    student = json.loads(message.value or b"")
    assert (student["given_name"], student["year_level"], student["groups"], student["nsn"]) == ("Made", 9, ["9A", "Choir"], "0000000012")
    words = {"status": None, "role": None, "relationship": None, "postal_address": "1 Made Up Road, Wellington 6011"}
    caregivers = [{"name": "Some Body", "email": "s@example.nz", "phone": None, "language": "en", "notify": True} | words]
    assert student["caregivers"] == caregivers
    # A file without caregivers leaves them alone; the number that lost its zeros is still the student's.
    assert (await send(door, "id,name\n", kind="students", token=token)).status_code == 422
    await send(door, "id;first name;caregiver name;caregiver status\n007;Made;Any Body;No contact\n", kind="students", token=token)
    await send(door, "id;first name\n7;Other\n1;Other\n", kind="students", token=token)
    last = {student["student"]: student for student in [json.loads(message.value or b"") for message in await door.relayed()]}
    assert (last["1"]["given_name"], last["1"]["caregivers"]) == ("Other", caregivers)
    assert [(person["name"], person["status"]) for person in last["007"]["caregivers"]] == [("Any Body", "No contact")]
    assert "7" not in last


async def test_a_file_with_the_month_first_is_refused_whole(door: Door) -> None:
    rows = [f"{number},10/{day}/2026,AM,M\n" for number in range(700) for day in range(1, 10)]
    text = "Student,Date,Session,Code\n" + "".join(rows)
    answer = await send(door, text + "1,10/13/2026,AM,M\n")
    assert kind(answer) == (422, "month-first")
    assert answer.json()["report"]["accepted"] == 0
    assert await published(door) == []
    # One date tells that the day is first: then the one that can't be is a row's mistake.
    answer = await send(door, "Student,Date,Session,Code\n1,2/11/2026,AM,M\n1,10/13/2026,AM,M\n1,13/10/2026,AM,M\n")
    assert (answer.status_code, answer.json()["accepted"], answer.json()["refused"]) == (200, 2, {"bad-field": 1})


async def test_students_with_the_month_first_are_refused_whole(door: Door) -> None:
    token = door.token("roster:write")
    text = "id,first name,start date,leaving date\n1,Made,02/03/2026,\n2,Made,,10/13/2026\n"
    assert kind(await send(door, text, kind="students", token=token)) == (422, "month-first")
    assert kind(await send(door, text, kind="students", token=token, dry_run="true")) == (422, "month-first")
    assert await door.relayed() == []
    assert (await send(door, text + "3,Made,13/10/2026,\n", kind="students", token=token)).json()["accepted"] == 2


async def test_a_register_with_a_row_for_each_day(door: Door) -> None:
    answer = await send(door, "Student ID,Date,AM,PM\n12345,13-Oct-26,P,M\n12345,14/10/2026 0:00,,?\n")
    assert (answer.status_code, answer.json()["accepted"]) == (200, 2)
    marks = [(mark["date"], mark["session"], mark["code"]) for mark in await published(door)]
    assert marks == [("2026-10-13", "AM", "P"), ("2026-10-13", "PM", "M"), ("2026-10-14", "PM", "?")]


async def test_who_may_not(door: Door) -> None:
    assert kind(await door.http.post(PATH, params={"kind": "marks"}, content=FILE)) == (401, "unauthorized")
    assert kind(await send(door, FILE, token=door.token(schools="0189"))) == (403, "another-school")
    assert kind(await send(door, FILE, token=door.token("roster:write"))) == (403, "missing-scope")
    assert kind(await send(door, FILE, kind="students", token=door.token("marks:write"))) == (403, "missing-scope")
    answer = await door.send("POST", "/v1/schools/0189/imports?kind=marks", token=door.token(schools="*"), content=FILE)
    assert kind(answer) == (404, "unknown-school")
    assert await door.published() == []


@pytest.mark.parametrize(
    ("body", "query", "expected"),
    [
        ("", {}, (422, "unreadable-csv")),
        ('"Student,Date\n', {}, (422, "unreadable-csv")),
        ("Student,Date,Session\n1,2026-10-13,AM\n", {}, (422, "unknown-columns")),
        (FILE, {"map": "Nothing=student"}, (422, "unknown-columns")),
        (FILE, {"map": "student"}, (422, "invalid-request")),
        (FILE, {"kind": "staff"}, (422, "invalid-request")),
        (FILE, {"dryrun": "true"}, (422, "invalid-request")),
        (FILE, {"from_line": "-1"}, (422, "invalid-request")),
        (FILE, {"recorded_at": "now"}, (422, "invalid-request")),
    ],
)
async def test_files_and_questions_that_make_no_sense(door: Door, body: str, query: dict[str, str], expected: tuple[int, str]) -> None:
    assert kind(await send(door, body, **query)) == expected
    assert await door.published() == []


async def test_only_csv(door: Door) -> None:
    assert kind(await send(door, FILE, headers={"Content-Type": "application/json"})) == (415, "unsupported-media-type")
    assert kind(await send(door, FILE, headers={"Content-Encoding": "br"})) == (415, "unsupported-encoding")


async def test_bytes_that_turn_out_to_be_no_text_say_how_far_it_went(door: Door) -> None:
    rows = "".join(f"{number},2026-10-13,AM,P,\n" for number in range(18_000))
    answer = await send(door, FILE.replace("Updated", "Āki").encode() + rows.encode() + b"1,\xff")
    assert kind(answer) == (422, "unreadable-csv")
    assert answer.json()["report"]["accepted"] == len(await published(door)) > 0


async def test_too_large(database_url: str, door: Door, tmp_path: Path) -> None:
    settings = IngestSettings(data=tmp_path, database_url=database_url, import_limit=2048)
    async with serving(create_app(settings, clock=lambda: NOW)) as base_url, httpx.AsyncClient(base_url=base_url) as http:
        small = Door(http, door.bus, tmp_path, door.settings)
        assert (await send(small, FILE, dry_run="true")).status_code == 200
        assert kind(await send(small, FILE + "\n" * 3000)) == (413, "too-large")
        packed = gzip.compress((FILE + "\n" * 1_000_000).encode())
        assert kind(await send(small, packed, headers={"Content-Encoding": "gzip"})) == (413, "too-large")


async def test_a_bus_that_goes_away_says_how_far_it_went(door: Door, database_url: str, tmp_path: Path) -> None:
    app = create_app(IngestSettings(data=tmp_path, database_url=database_url, publish_timeout=timedelta(seconds=1)), clock=lambda: NOW)
    batches = Counter[str]()

    async def publish(messages: list[Outgoing]) -> None:
        batches["all"] += 1
        if batches["all"] == 2:
            raise BusUnavailableError("away")

    async with serving(_with_publisher(app, publish)) as base_url, httpx.AsyncClient(base_url=base_url) as http:
        rows = "".join(f"{number},2026-10-13,AM,P,\n" for number in range(5_500))
        answer = await send(Door(http, door.bus, tmp_path, door.settings), FILE.splitlines()[0] + "\n" + rows)
    assert kind(answer) == (503, "unavailable")
    assert (answer.json()["report"]["accepted"], answer.json()["report"]["last_line"]) == (5_000, 5_001)


def _with_publisher(app: Any, publish: Any) -> Any:
    """The app with another way to the bus."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["state"]["service"].publisher.publish = publish
        await app(scope, receive, send)

    return wrapped
