"""The data-quality report over REST, on a real database and fed by events."""

import asyncio
import csv
import io
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.thresholds.app import create_app
from services.thresholds.crossings.handler import MarksHandler
from services.thresholds.data_quality.handler import REPORTED_KEPT_FOR, DeadLettersHandler
from services.thresholds.data_quality.repository import reported_letters
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.worker import run_worker
from shared.bus.factory import create_bus
from shared.bus.headers import headers_from_text
from shared.bus.interface import Message, Outgoing, Partition
from shared.events.catalogue import DEAD_LETTER_SETTLED, DEAD_LETTERED, STUDENT_UPDATED
from shared.events.data import Caregiver, DeadLettered, DeadLetterSettled, Mark, StudentUpdated, TermDates
from shared.events.envelope import Event, decode
from shared.identifiers import SchoolNumber, student_id
from shared.offsets import repository as offsets
from shared.offsets.placing import Gap
from tests.integration.thresholds.conftest import FIRST_DAY, NOW, Heart, absences
from tests.support.applied import Applied
from tests.support.polling import eventually
from tests.support.servers import serving
from tests.support.tokens import bearer, local_token

# Friday evening of the term's first week but one: its Friday has ended.
REPORTED_AT = datetime(2026, 10, 23, 6, 0, tzinfo=UTC)


@dataclass
class Office:
    """Somebody at a school who asks for the report."""

    http: httpx.AsyncClient
    data: Path

    def token(self, scopes: str = "star:read", schools: str = "0999") -> str:
        return local_token(self.data, scopes.split(), schools.split())

    async def get(self, path: str = "/v1/schools/0999/data-quality", *, token: str | None = None, **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query, headers=bearer(token or self.token()))

    async def part(self, *groups: str) -> Any:
        """The report as staff who look after these groups get it."""
        answer = await self.get(token=local_token(self.data, ["star:read"], ["0999"], groups=list(groups)))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def report(self, **query: Any) -> Any:
        answer = await self.get(**query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def office(heart: Heart, database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    settings = ThresholdsSettings(data=tmp_path, database_url=database_url)
    async with (
        serving(create_app(settings, clock=lambda: REPORTED_AT)) as url,
        httpx.AsyncClient(base_url=url, timeout=30) as client,
    ):
        yield Office(client, tmp_path)


async def send(heart: Heart, student: str, *caregivers: Caregiver, school: str = "0999", groups: tuple[str, ...] = ()) -> None:
    identity = student_id(SchoolNumber(school), student)
    data = StudentUpdated(
        school=school,
        student=student,
        student_id=identity,
        given_name="Hemi",
        family_name="Example",
        groups=list(groups),
        caregivers=list(caregivers),
        updated_at=NOW,
    )
    await heart.roster_handler([heart.event(STUDENT_UPDATED, str(identity), data)])


def reported(heart: Heart, service: str, number: int, school: str | None = "0999", **changes: Any) -> Message:
    fields: dict[str, Any] = {
        "dead_letter_id": uuid.UUID(int=number),
        "service": service,
        "topic": "star.students.v1",
        "partition": 0,
        "offset": number,
        "reason": "bad-data",
        "count": 1,
        "school": school,
    }
    return heart.event(DEAD_LETTERED, "star.students.v1/0", DeadLettered(**(fields | changes)))


def settled(heart: Heart, service: str, number: int) -> Message:
    data = DeadLetterSettled(dead_letter_id=uuid.UUID(int=number), service=service, outcome="redriven")
    return heart.event(DEAD_LETTER_SETTLED, "star.students.v1/0", data)


REACHED = Caregiver(name="Mere", email="mere@example.org")


async def full_school(heart: Heart) -> None:
    """Two students; the first is all there, the second has one of everything."""
    await heart.school()
    await send(heart, "1", REACHED)
    await send(heart, "=2", Caregiver(name="Ana"))
    await send(heart, "3")
    # Ten half days of each of the two weeks.
    await heart.post(absences(20, code="P"))
    await heart.post(absences(20, student="3", code="P"))
    await heart.post(absences(2, student="=2", code="?"))
    await heart.post(absences(16, student="=2", code="P", first=2))
    await heart.post(absences(1, student="=2", code="K", first=18))
    await heart.post(absences(1, student="ghost", code="M"))


async def test_the_report_of_a_school(heart: Heart, office: Office) -> None:
    await full_school(heart)
    body = await office.report(term="2026-T4")
    assert {name: body[name] for name in ("school", "term", "as_of", "next")} == {
        "school": "0999",
        "term": "2026-T4",
        "as_of": "2026-10-23T06:00:00Z",
        "next": None,
    }
    assert body["counts"] == {
        "unmarked": 2,
        "unmarked-period": 0,
        "unexplained": 1,
        "count-differs": 0,
        "retired-code": 1,
        "unknown-code": 0,
        "no-caregiver": 1,
        "no-address": 1,
        "not-on-roll": 0,
        "unknown-student": 1,
        "dead-letter": 0,
        "lost-messages": 0,
    }
    assert [item.pop("student_id") for item in body["items"]] == [str(student_id("0999", item["student"])) for item in body["items"]]
    assert [tuple(item.values()) for item in body["items"]] == [
        ("no-address", "=2", None, 1, "no caregiver has an e-mail address that a letter may go to"),
        ("no-caregiver", "3", None, 1, "no caregiver was sent: nobody can be written to"),
        ("retired-code", "=2", None, 1, "K is retired; it counts as A: 2026-10-23"),
        ("unexplained", "=2", "2026-10-12", 2, "still ?: to be explained, or marked with the code that is right"),
        ("unknown-student", "ghost", None, 1, "marks, but no such student was sent"),
        ("unmarked", "=2", None, 1, "2026-10-23 PM"),
        ("unmarked", "ghost", None, 1, "2026-10-12 PM"),
    ]
    assert "Hemi" not in str(body)
    assert "Mere" not in str(body)


async def test_staff_of_a_part_get_the_report_of_their_own_students(heart: Heart, office: Office) -> None:
    await full_school(heart)
    await send(heart, "4", groups=("9A",))
    await send(heart, "5", REACHED, groups=("9B",))
    handler = Applied(heart.engine, DeadLettersHandler(heart.marks_handler.dead_letters, lambda: REPORTED_AT))
    await handler([reported(heart, "notifier", 1)])
    own = await office.part("9A")
    assert {item["student"] for item in own["items"]} == {"4"}
    assert own["counts"]["no-caregiver"] == 1
    assert own["counts"]["dead-letter"] == own["counts"]["unknown-student"] == 0
    assert (await office.part("10A"))["items"] == []
    assert (await office.report())["counts"]["dead-letter"] == 1


async def test_pages_add_up_and_kinds_can_be_asked_for(heart: Heart, office: Office) -> None:
    await full_school(heart)
    whole = await office.report()
    seen: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = await office.report(limit=2, **cursor)
        assert page["counts"] == whole["counts"]
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == whole["items"]
    only = await office.report(issue="unmarked")
    assert [item["issue"] for item in only["items"]] == ["unmarked", "unmarked"]
    assert only["counts"] == whole["counts"]


async def test_the_report_as_a_file(heart: Heart, office: Office) -> None:
    await full_school(heart)
    answer = await office.get(format="csv", limit=1)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="data-quality-0999-2026-T4.csv"'
    assert answer.content.endswith(b"\r\n")
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert rows[0] == ["issue", "student", "date", "count", "detail"]
    assert len(rows) == 8
    assert ["unexplained", "'=2", "2026-10-12", "2", "still ?: to be explained, or marked with the code that is right"] in rows
    assert ["unmarked", "'=2", "", "1", "2026-10-23 PM"] in rows
    only = await office.get(format="csv", issue="no-caregiver")
    assert only.text.count("\r\n") == 2


async def test_another_terms_marks_are_in_another_report(heart: Heart, office: Office) -> None:
    terms = [TermDates("2026-T3", date(2026, 7, 20), date(2026, 9, 25)), TermDates("2026-T4", FIRST_DAY, date(2026, 12, 18))]
    await heart.school(terms=terms)
    await heart.post([Mark(student="1", date=date(2026, 7, 20), recorded_at=NOW, session="AM", code="K")])
    assert (await office.report(term="2026-T3"))["counts"]["retired-code"] == 1
    assert (await office.report(term="2026-T4"))["counts"]["retired-code"] == 0


async def test_dead_letters_of_all_services_are_told(heart: Heart, office: Office) -> None:
    await heart.school()
    await heart.school("0189")
    handler = Applied(heart.engine, DeadLettersHandler(heart.marks_handler.dead_letters, lambda: REPORTED_AT))
    heart.now = REPORTED_AT
    messages = [
        reported(heart, "notifier", 1),
        reported(heart, "moe_sync", 2, count=-5),
        reported(heart, "ingest", 3, count=2**40),
        reported(heart, "notifier", 4, school="0189"),
        reported(heart, "notifier", 5, school=None),
        # Our own are told from our own box, which knows whether they have been redriven.
        reported(heart, "thresholds", 6),
    ]
    await handler(messages)
    await handler(messages)
    await heart.post([Mark(student="1", date=date(2026, 1, 5), recorded_at=NOW, session="AM", code="M")])
    items = (await office.report(issue="dead-letter"))["items"]
    assert sorted((item["detail"].partition(" from ")[0], item["count"]) for item in items) == [
        ("bad-data: kept by ingest", 2**31 - 1),
        ("bad-data: kept by moe_sync", 1),
        ("bad-data: kept by notifier", 1),
        ("outside-term: kept by thresholds", 1),
    ]
    assert {item["student"] for item in items} == {None}
    (letter,) = await heart.rows("SELECT id FROM dead_letters")
    ops = {"Authorization": f"Bearer {office.token('ops')}"}
    assert (await office.http.post(f"/v1/dead-letters/{letter.id}/discard", headers=ops)).status_code == 200
    assert (await office.report())["counts"]["dead-letter"] == 3


async def test_messages_that_the_bus_lost_are_told_to_the_schools_that_they_may_be_of(heart: Heart, office: Office) -> None:
    await full_school(heart)
    async with heart.engine.begin() as connection:
        for partition in range(8):
            await connection.execute(
                text(
                    "INSERT INTO consumed (consumer_group, topic, partition, next_offset)"
                    " VALUES ('thresholds.marks', 'star.marks.v1', :partition, 0)"
                ),
                {"partition": partition},
            )
        # crc32 puts school 0999 into the first of eight.
        gaps = [Gap("thresholds.marks", Partition("star.marks.v1", number), "lost", 100, 120, None, NOW) for number in (0, 1)]
        await offsets.add_gaps(connection, gaps)

    issues = (await office.report(issue="lost-messages"))["items"]
    assert [(issue["student"], issue["count"], issue["issue"]) for issue in issues] == [(None, 20, "lost-messages")]
    assert "star.marks.v1, partition 0" in issues[0]["detail"]

    async with heart.engine.begin() as connection:
        await offsets.settle_gaps(connection, [gap.id for gap in await offsets.open_gaps(connection)])
    report = await office.report()
    assert (report["counts"]["lost-messages"], [item for item in report["items"] if item["issue"] == "lost-messages"]) == (0, [])


async def test_the_worker_listens_to_the_dead_letters_topic(heart: Heart, database_url: str, tmp_path: Path) -> None:
    settings = ThresholdsSettings(data=tmp_path, database_url=database_url)
    bus = create_bus(settings)
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    stop = asyncio.Event()
    heart.now = datetime.now(UTC)
    message = reported(heart, "notifier", 1)
    worker = asyncio.create_task(run_worker(settings, stop))
    try:
        await publisher.publish([Outgoing(message.topic, message.key or b"", message.value, message.headers)])

        async def services() -> list[str]:
            return [row.service for row in await heart.rows("SELECT service FROM reported_dead_letters")]

        await eventually(services, ["notifier"])
    finally:
        stop.set()
        await asyncio.wait_for(worker, 60)
        await publisher.stop()
        await bus.close()


async def test_what_can_not_be_read_on_the_dead_letters_topic_is_kept_and_forgotten_in_time(heart: Heart) -> None:
    box = heart.marks_handler.dead_letters
    handler = Applied(heart.engine, DeadLettersHandler(box, lambda: NOW + REPORTED_KEPT_FOR + timedelta(seconds=1)))
    await handler([reported(heart, "notifier", 1)])
    async with heart.engine.begin() as connection:
        await reported_letters.forget_before(connection, NOW + timedelta(seconds=1), 1_000)
    assert await heart.rows("SELECT 1 FROM reported_dead_letters") == []
    await handler([Message("star.dead-letters.v1", 0, 9, b"x", b"{}", ()), Message("star.dead-letters.v1", 0, 10, b"y", None, ())])
    rows = await heart.rows("SELECT reason FROM dead_letters ORDER BY reason")
    assert [row.reason for row in rows] == ["not-an-event", "wrong-type"]


async def test_what_somebody_dealt_with_waits_no_more(heart: Heart) -> None:
    handler = Applied(heart.engine, DeadLettersHandler(heart.marks_handler.dead_letters, lambda: NOW))
    await handler([reported(heart, "notifier", 1), reported(heart, "notifier", 2), reported(heart, "moe_sync", 3)])
    # One of an earlier batch, and one that comes and goes in one.
    await handler([settled(heart, "notifier", 1), reported(heart, "notifier", 4), settled(heart, "notifier", 4)])

    left = [row.id for row in await heart.rows("SELECT id FROM reported_dead_letters ORDER BY id")]
    assert left == [uuid.UUID(int=2), uuid.UUID(int=3)]


async def test_our_dead_letters_say_which_school_they_are_about(heart: Heart) -> None:
    await heart.school()
    await heart.post([Mark(student="1", date=date(2026, 1, 5), recorded_at=NOW, session="AM", code="M")])
    (row,) = await heart.rows("SELECT topic, key, value, headers FROM outbox WHERE topic = 'star.dead-letters.v1'")
    event = decode(Message(row.topic, 0, 0, row.key, row.value, headers_from_text(row.headers)))
    assert isinstance(event, Event)
    assert isinstance(event.data, DeadLettered)
    assert event.data.school == "0999"


async def test_a_code_that_is_in_no_table_stops_nobody(heart: Heart, office: Office) -> None:
    await heart.school()
    await heart.post([*absences(1, code="B"), *absences(1, first=1)])
    assert isinstance(heart.marks_handler.handler, MarksHandler)
    (row,) = await heart.rows("SELECT absent_half_days FROM register")
    assert row.absent_half_days == 1
    assert (await office.report())["counts"]["unknown-code"] == 1
    shown = await office.get("/v1/schools/0999/students/1/attendance")
    assert shown.status_code == 200
    assert [(mark["code"], mark["class"]) for mark in shown.json()["days"][0]["marks"]] == [("B", None), ("M", "justified")]


@pytest.mark.parametrize(
    ("path", "query", "scopes", "schools", "status", "kind"),
    [
        ("0999", {}, "star:write", "0999", 403, "missing-scope"),
        ("0999", {}, "star:read", "0189", 403, "another-school"),
        ("0998", {}, "star:read", "*", 404, "unknown-school"),
        ("0999", {"term": "2030-T1"}, "star:read", "*", 404, "unknown-term"),
        ("0999", {"issue": "names"}, "star:read", "*", 422, "invalid-request"),
        ("0999", {"format": "pdf"}, "star:read", "*", 422, "invalid-request"),
        ("0999", {"cursor": "eh"}, "star:read", "*", 422, "bad-cursor"),
        ("0999", {"limit": "0"}, "star:read", "*", 422, "invalid-request"),
    ],
)
async def test_refusals(
    heart: Heart, office: Office, path: str, query: dict[str, str], scopes: str, schools: str, status: int, kind: str
) -> None:
    await heart.school()
    answer = await office.get(f"/v1/schools/{path}/data-quality", token=office.token(scopes, schools), **query)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:nz-star:problem:{kind}")


async def test_without_a_token_there_is_nothing(heart: Heart, office: Office) -> None:
    await heart.school()
    assert (await office.http.get("/v1/schools/0999/data-quality")).status_code == 401


async def test_the_codes_are_told_to_any_token(office: Office) -> None:
    every = (await office.get("/v1/attendance-codes", token=office.token("marks:write", "0189"))).json()
    assert len(every["items"]) == 26
    assert every["next"] is None
    today = (await office.get("/v1/attendance-codes", on="2026-10-13")).json()["items"]
    assert "".join(item["code"] for item in today) == "PLADIQMJUOEGT?X"
    by_code = {item["code"]: item for item in every["items"]}
    assert by_code["K"] == {
        "code": "K",
        "meaning": "Attending a teen parent unit (retired)",
        "class": "present",
        "absent": False,
        "valid_from": None,
        "valid_until": "2025-01-26",
        "becomes": "A",
        "illness": False,
        "open": False,
        "note": None,
    }
    assert {code for code, item in by_code.items() if item["open"]} == {"I", "O"}
    assert {code for code, item in by_code.items() if item["illness"]} == {"M"}
    assert {code for code, item in by_code.items() if item["absent"]} == set("MJUOEGT?")
    assert "justified" in by_code["O"]["note"]
    assert (await office.http.get("/v1/attendance-codes")).status_code == 401
    assert (await office.get("/v1/attendance-codes", on="yesterday")).status_code == 422


async def test_the_summary_has_the_number_of_the_report_for_each_part_of_a_school(heart: Heart, office: Office) -> None:
    await heart.school()
    await send(heart, "1", groups=("9A",))
    await send(heart, "2", groups=("9B",))
    await heart.post(absences(1, student="1"))

    async def number(*groups: str) -> int | None:
        own = {"groups": list(groups)} if groups else {}
        token = local_token(office.data, ["star:read"], ["0999"], **own)
        issues: int | None = (await office.get("/v1/schools/0999/summary", token=token)).json()["issues"]
        return issues

    assert await number() is None
    report, part = await office.report(limit=500), await office.part("9A")
    assert len(report["items"]) > len(part["items"]) > 0
    # The report that was read is its own count; a part that nobody has read is counted beside the first look.
    assert (await number(), await number("9A")) == (len(report["items"]), len(part["items"]))
    assert await number("9B") is None

    async def is_counted() -> bool:
        return await number("9B") is not None

    await eventually(is_counted, expected=True)
    assert await number("9B") == len((await office.part("9B"))["items"])
