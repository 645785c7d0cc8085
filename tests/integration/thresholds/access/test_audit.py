"""The audit log: who saw or changed what of whom. Nothing is left out, and nothing of it can be changed."""

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.thresholds.roster.repository import identities
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.worker import run_worker
from shared.audit import repository as audit
from shared.audit.log import Shown, log_shown
from shared.auth.principal import Principal
from shared.bus.factory import create_bus
from shared.key_holders.repository import Holder
from tests.integration.thresholds.conftest import absences
from tests.integration.thresholds.records.staffroom import NOW, Staffroom, record_id, record_path, talked
from tests.support.polling import eventually

LOG = "/v1/schools/0999/audit"


async def principal(staffroom: Staffroom, **query: Any) -> Any:
    return await staffroom.ok("GET", LOG, subject="principal", role="admin", **query)


async def test_every_look_and_every_change_is_a_line(staffroom: Staffroom) -> None:
    await staffroom.student("1", "10A")
    record = await staffroom.crossed("1")
    base = "/v1/schools/0999/students/1"
    await staffroom.ok("GET", f"{base}/attendance", role="view", subject="ana", groups=["10A"])
    await staffroom.ok("GET", "/v1/schools/0999/students", tier="yellow", role="view")
    await staffroom.ok("GET", "/v1/schools/0999/star-records", overdue=True, limit=5)
    await staffroom.ok("GET", record)
    response = (await staffroom.ok("POST", f"{record}/responses", talked(note="at home"), role="respond"))["responses"][0]["id"]
    await staffroom.ok("PATCH", f"{record}/responses/{response}", {"note": None, "staff": "Mr Example"})
    await staffroom.ok("DELETE", f"{record}/responses/{response}")
    await staffroom.ok("PATCH", record, {"status": "closed", "outcome": "referred"})
    await staffroom.ok("GET", f"{record}/history")
    opened = await staffroom.ok("POST", f"{base}/star-records", {"reason": "private"})
    await staffroom.ok("PUT", f"{base}/hold", {"reason": "private"})
    await staffroom.ok("GET", f"{base}/hold")
    await staffroom.ok("DELETE", f"{base}/hold")
    await staffroom.ok("PUT", "/v1/schools/0999/star-settings", {"response_due_school_days": {"5": 5, "10": 5, "15": 5}}, role="admin")
    ring = {"activity": "ring-home", "label": "Ring home", "standard": "conversation-with-whanau"}
    await staffroom.ok("PUT", "/v1/schools/0999/activities", [ring], role="admin")

    # By action: the clock stands still here, and the moment of a change is a microsecond after the one before.
    lines = {line["action"]: line for line in await staffroom.audit()}
    fields_of_activities = lines.pop("change-activities")["fields"]
    this = str(record_id())
    kept = [(line["action"], line["subject"], line["role"], line["students"], line["record"], line["fields"]) for line in lines.values()]
    assert sorted(kept, key=lambda line: line[0]) == [
        ("change-record", "dean", "manage", ["1"], this, ["outcome", "status"]),
        ("change-response", "dean", "manage", ["1"], this, ["note", "staff"]),
        ("change-settings", "dean", "admin", [], None, ["response_due_school_days"]),
        ("hold-letters", "dean", "manage", ["1"], None, ["reason", "until"]),
        ("list-records", "dean", "manage", ["1"], None, []),
        ("list-students", "dean", "view", ["1"], None, []),
        ("open-record", "dean", "manage", ["1"], opened["id"], ["crossed_on", "reason"]),
        ("read-attendance", "ana", "view", ["1"], None, []),
        ("read-history", "dean", "manage", ["1"], this, []),
        ("read-holds", "dean", "manage", ["1"], None, []),
        ("read-record", "dean", "manage", ["1"], this, []),
        ("record-response", "dean", "respond", ["1"], this, ["activity", "label", "note", "occurred_on", "staff", "standard"]),
        ("release-letters", "dean", "manage", ["1"], None, []),
        ("withdraw-response", "dean", "manage", ["1"], this, ["withdrawn"]),
    ]
    assert len(fields_of_activities) == 15
    assert [lines[action]["filters"] for action in ("read-attendance", "list-students", "list-records", "read-record")] == [
        {"term": "2026-T4"},
        {"term": "2026-T4", "tier": "yellow"},
        {"overdue": True},
        {},
    ]
    everything = str(await staffroom.heart.rows("SELECT * FROM audit"))
    assert not [word for word in ("private", "at home", "Mr Example", "Hemi") if word in everything]


async def test_who_saw_this_child(staffroom: Staffroom) -> None:
    for student in "123":
        await staffroom.student(student, "10A" if student == "1" else "10B")
        await staffroom.crossed(student)
    await staffroom.ok("GET", "/v1/schools/0999/students", subject="tutor-a", groups=["10A"])
    await staffroom.ok("GET", "/v1/schools/0999/star-records", subject="tutor-b", groups=["10B"])
    await staffroom.ok("GET", record_path("2"), subject="nurse")
    await staffroom.ok("GET", "/v1/schools/0999/students", subject="office")

    async def who(**query: Any) -> list[str]:
        return [line["subject"] for line in await staffroom.audit(**query)]

    assert await who(student="1") == ["office", "tutor-a"]
    assert await who(student="2") == ["office", "nurse", "tutor-b"]
    assert await who(student="nobody") == []
    assert await who(subject="nurse") == ["nurse"]
    assert await who(action="list-students") == ["office", "tutor-a"]
    assert await who(student="2", action="read-record", subject="nurse") == ["nurse"]


async def test_by_day_of_the_school(staffroom: Staffroom) -> None:
    await staffroom.crossed("1")
    # 23:30 on Friday 20 November there, and half an hour after midnight.
    for hours in (8.5, 9.5):
        staffroom.clock.now = NOW + timedelta(hours=hours)
        await staffroom.ok("GET", record_path("1"), subject=f"at-{hours}")
    staffroom.clock.now = NOW + timedelta(days=1)

    async def who(**query: Any) -> list[str]:
        return [line["subject"] for line in await staffroom.audit(**query)]

    assert await who(**{"from": "2026-11-21"}) == ["at-9.5"]
    assert await who(to="2026-11-20") == ["at-8.5"]
    assert await who(**{"from": "2026-11-20", "to": "2026-11-21"}) == ["at-9.5", "at-8.5"]
    assert await who(**{"from": "2026-11-22"}) == []


async def test_reading_the_log_is_in_the_log(staffroom: Staffroom) -> None:
    await principal(staffroom, student="1")
    assert (await principal(staffroom))["items"] == [
        {
            "at": "2026-11-20T02:00:00Z",
            "subject": "principal",
            "role": "admin",
            "action": "read-audit",
            "school": "0999",
            "students": ["1"],
            "record": None,
            "fields": [],
            "filters": {"student": "1"},
        }
    ]


async def test_pages_newest_first(staffroom: Staffroom) -> None:
    await staffroom.crossed("1")
    for number in range(7):
        # Some lines share a moment.
        staffroom.clock.now += timedelta(seconds=number % 2)
        await staffroom.ok("GET", record_path("1"), subject=f"s{number}")
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    for expected in (3, 3, 1):
        page = await principal(staffroom, limit=3, action="read-record", **cursor)
        assert len(page["items"]) == expected
        seen += [line["subject"] for line in page["items"]]
        cursor = {"cursor": page["next"]}
    assert page["next"] is None
    assert seen == ["s6", "s5", "s4", "s3", "s2", "s1", "s0"]


@pytest.mark.parametrize("ask", [{"format": "csv"}, {"headers": {"Accept": "text/csv"}}])
async def test_the_whole_log_as_a_spreadsheet(staffroom: Staffroom, ask: dict[str, Any]) -> None:
    await staffroom.student("=1+2")
    await staffroom.crossed("=1+2")
    await staffroom.ok("GET", "/v1/schools/0999/students/=1+2/attendance", subject="@dean")
    async with staffroom.heart.engine.begin() as connection:
        for number in range(1_001):
            line = audit.NewLine(
                at=NOW - timedelta(days=1),
                subject="office",
                role="view",
                action="list-students",
                school="0999",
                students=["1", str(number)],
                student_ids=[],
                record_id=None,
                fields=[],
                filters={"tier": "red"},
            )
            await audit.add(connection, [line])
    answer = await staffroom.as_("principal", "admin", "GET", LOG, **ask)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8; header=present")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-0999.csv"'
    header, *rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert header == ["at", "subject", "role", "action", "students", "record", "fields", "filters"]
    assert len(rows) == 1_003
    assert rows[0][3] == "read-audit"
    assert rows[1] == ["2026-11-20T02:00:00+00:00", "'@dean", "manage", "read-attendance", "'=1+2", "", "", '{"term": "2026-T4"}']
    assert sorted({row[4] for row in rows[2:]}) == sorted(f"1; {number}" for number in range(1_001))
    # JSON is what is answered unless CSV comes first.
    plain = await staffroom.as_("principal", "admin", "GET", LOG, headers={"Accept": "application/json, text/csv"})
    assert plain.headers["content-type"] == "application/json"


async def test_who_may_read_it(staffroom: Staffroom) -> None:
    for role in ("view", "respond", "manage"):
        assert await staffroom.refused("GET", LOG, role=role) == (403, "missing-role")
    assert await staffroom.refused("GET", LOG, role="admin", groups=["10A"]) == (403, "part-of-a-school")
    assert await staffroom.refused("GET", LOG, role="admin", scopes="star:write") == (403, "missing-scope")
    assert await staffroom.refused("GET", LOG, role="admin", schools="0189") == (403, "another-school")
    assert await staffroom.refused("GET", "/v1/schools/0189/audit", role="admin", schools="*") == (404, "unknown-school")
    wrongs: list[dict[str, Any]] = [
        {"who": "dean"},
        {"action": "steal"},
        {"from": "yesterday"},
        {"to": "9999-12-31"},
        {"limit": 0},
        {"student": "\x00"},
        {"format": "xml"},
    ]
    for wrong in wrongs:
        assert await staffroom.refused("GET", LOG, role="admin", **wrong) == (422, "invalid-request")
    for cursor in ("eh", "WyJ4Il0", "WyJhIiwiYiJd"):
        assert await staffroom.refused("GET", LOG, role="admin", cursor=cursor) == (422, "bad-cursor")
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        assert (await staffroom.as_("principal", "admin", method, LOG)).status_code == 405


@pytest.mark.parametrize("table", ["audit", "record_history"])
async def test_the_database_keeps_what_was_written(staffroom: Staffroom, table: str) -> None:
    await staffroom.crossed("1")
    await staffroom.ok("GET", record_path("1"))
    before = await staffroom.heart.rows(f"SELECT * FROM {table}")
    assert before
    for statement in (
        f"UPDATE {table} SET at = now()",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
        f"TRUNCATE {table}, star_records CASCADE",
    ):
        with pytest.raises(DBAPIError, match="stay as they were written"):
            async with staffroom.heart.engine.begin() as connection:
                # As the owner: the service itself has no right to empty a table.
                await connection.execute(text("SET LOCAL ROLE star_thresholds"))
                await connection.execute(text(statement))
    assert await staffroom.heart.rows(f"SELECT * FROM {table}") == before


async def test_what_is_older_than_seven_years_may_go(staffroom: Staffroom) -> None:
    engine, today = staffroom.heart.engine, datetime.now(UTC)
    async with engine.begin() as connection:
        for age in (8 * 366, 7 * 366, 6 * 365):
            line = audit.NewLine(
                at=today - timedelta(days=age),
                subject=f"{age} days ago",
                role="view",
                action="list-students",
                school="0999",
                students=[],
                student_ids=[],
                record_id=None,
                fields=[],
                filters={},
            )
            await audit.add(connection, [line])
    assert [await forget(engine, 7.5), await forget(engine, 7.5)] == [1, 0]
    assert await forget(engine, 7) == 1
    with pytest.raises(DBAPIError, match="stay as they were written"):
        await forget(engine, 5)
    assert [line["subject"] for line in await staffroom.audit()] == ["2190 days ago"]


async def test_a_line_that_others_saw_later_stays_as_long_as_they_do(staffroom: Staffroom) -> None:
    engine, shown = staffroom.heart.engine, Shown.of("read-events", {"0999": ["1"]})
    today = datetime.now(UTC)
    async with engine.begin() as connection:
        for age, subjects in ((9 * 366, ["first", "second"]), (6 * 365, ["third"])):
            callers = [Principal(subject, frozenset(), None) for subject in subjects]
            await log_shown(connection, callers, shown, today - timedelta(days=age))
    assert [await forget(engine, 7), await forget(engine, 7)] == [1, 0]
    assert await staffroom.heart.rows("SELECT subject FROM audit") == [("first",)]
    assert await staffroom.heart.rows("SELECT subject FROM audit_also") == [("third",)]


async def forget(engine: AsyncEngine, years: float) -> int:
    async with engine.begin() as connection:
        return await audit.forget_before(connection, datetime.now(UTC) - timedelta(days=365.25 * years), 1_000)


async def test_the_worker_drops_what_is_old_enough(staffroom: Staffroom, database_url: str, tmp_path: Path) -> None:
    async with staffroom.heart.engine.begin() as connection:
        await connection.execute(
            text(
                """
                INSERT INTO audit (at, subject, role, action, school, students, student_ids, fields, filters)
                SELECT now() - age, 'dean', 'view', 'list-students', '0999', '{}', '{}', '{}', '{}'
                FROM unnest(ARRAY[interval '10 years', interval '6 years']) AS age
                """
            )
        )
    settings = ThresholdsSettings(data=tmp_path, database_url=database_url, audit_years=9)
    bus = create_bus(settings)
    await bus.ensure_topics()
    await bus.close()
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(settings, stop))

    async def lines() -> int:
        return len(await staffroom.heart.rows("SELECT 1 FROM audit"))

    try:
        await eventually(lines, 1)
    finally:
        stop.set()
        await worker


async def test_what_can_not_be_logged_does_not_happen(staffroom: Staffroom) -> None:
    path = await staffroom.crossed("1")
    before = await staffroom.ok("GET", path)
    async with staffroom.heart.engine.begin() as connection:
        await connection.execute(text("SET LOCAL ROLE star_thresholds"))
        await connection.execute(text("ALTER TABLE audit ADD CONSTRAINT shut CHECK (subject <> 'dean') NOT VALID"))
    for method, where, body in (
        ("GET", path, None),
        ("GET", "/v1/schools/0999/students", None),
        ("GET", "/v1/schools/0999/students/1/attendance", None),
        ("PATCH", path, {"status": "closed"}),
        ("POST", f"{path}/responses", talked()),
        ("PUT", "/v1/schools/0999/students/1/hold", {"reason": "x"}),
    ):
        answer = await staffroom.as_("dean", "manage", method, where, body)
        assert answer.status_code == 500
        assert "Example" not in answer.text
    assert await staffroom.ok("GET", path, subject="other") == before
    assert await staffroom.said() == []


async def test_children_who_had_one_key_are_told_apart_by_the_names_of_their_school(staffroom: Staffroom) -> None:
    await staffroom.heart.post(absences(2, student="1"))
    await staffroom.ok("GET", "/v1/schools/0999/students/1/attendance", role="view", subject="before")
    await staffroom.heart.post(absences(1, student="1~2"))
    async with staffroom.heart.engine.begin() as connection:
        await identities.add_holders(connection, [Holder("0999", "1", "1~2", NOW)])
    await staffroom.ok("GET", "/v1/schools/0999/students/1/attendance", role="view", subject="now")
    await staffroom.ok("GET", "/v1/schools/0999/students/1~1/attendance", role="view", subject="first")

    async def looked(student: str) -> list[tuple[str, list[str]]]:
        lines = (await principal(staffroom, student=student, action="read-attendance"))["items"]
        return sorted((line["subject"], line["students"]) for line in lines)

    assert await looked("1") == [("now", ["1"])]
    assert await looked("1~1") == [("before", ["1~1"]), ("first", ["1~1"])]
    answer = await staffroom.as_("principal", "admin", "GET", LOG, format="csv", student="1~1", action="read-attendance")
    assert [row["students"] for row in csv.DictReader(io.StringIO(answer.text))] == ["1~1", "1~1"]
