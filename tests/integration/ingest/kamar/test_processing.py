"""KAMAR's documents on a real database and bus: whatever they hold, and whenever the worker dies."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from services.ingest.kamar.processing import Processing
from services.ingest.students.retention import retention_rules
from shared.db.engine import create_engine
from shared.identifiers import student_id
from shared.retention import Retention
from tests.integration.ingest.conftest import NOW
from tests.integration.ingest.kamar.school import Kamar, attended, document, rows_of, sql, student
from tests.support.clock import ManualClock
from tests.support.polling import eventually

FRIDAY = "2026-11-20"


async def test_attendance_becomes_marks(kamar: Kamar) -> None:
    elements = [
        attended(12345, (FRIDAY, ".PPM?"), hdu=0, hdj=1, hdp=1),
        attended("678", ("20261119", ".PPP"), ("20261118", "..."), hdu=None, hdj=None, hdp=None),
        # A correction later in the same document.
        attended(12345, (FRIDAY, ".PPPP"), hdu=0, hdj=0, hdp=2),
    ]
    await kamar.send(document("attendance", "attendance", elements))
    async with kamar.working():
        await kamar.settled("done")
    expected: dict[tuple[str, str, int | None], Any] = {("12345", FRIDAY, slot): "P" for slot in range(2, 6)}
    expected |= {("12345", FRIDAY, 6): None, ("12345", FRIDAY, None): {"unjustified": 0, "justified": 0, "present": 2}}
    expected |= {("678", "2026-11-19", slot): "P" for slot in range(2, 5)}
    expected |= {("678", "2026-11-19", slot): None for slot in (5, 6, None)}
    expected |= {("678", "2026-11-18", slot): None for slot in (2, 3, 4, 5, 6, None)}
    assert await kamar.marks() == expected
    (message,) = await kamar.door.published()
    roll = json.loads(message.value or b"")
    assert (roll["school"], roll["source"]) == ("0999", "kamar")
    assert {mark["recorded_at"] for mark in roll["marks"]} == {"2026-11-19T02:30:00Z"}
    (kept,) = await kamar.documents()
    assert (kept["sync"], kept["counts"], kept["refused"]) == ("attendance", {"attendance": 3, "marks": 18}, {})
    assert await sql(kamar.settings, "SELECT * FROM ingest.kamar_chunks") == []


async def test_the_last_word_wins_across_a_large_document(kamar: Kamar) -> None:
    elements = [attended(number % 150, (FRIDAY, ".P" if number < 150 else ".M")) for number in range(450)]
    await kamar.send(document("attendance", "attendance", elements))
    async with kamar.working():
        await kamar.settled("done")
    assert {what for (_, _, slot), what in (await kamar.marks()).items() if slot == 2} == {"M"}


async def test_what_cannot_be_applied_is_reported_and_spoils_nothing(kamar: Kamar) -> None:
    elements: list[Any] = [
        7,
        {"values": []},
        attended(1, (FRIDAY, ".ZP"), ("20261026", ".P"), ("20261005", ".P"), ("20261121", ".P")),
        attended(2, (FRIDAY, "1P"), ("yesterday", ".P"), hdu=3, hdj=0, hdp=0),
        attended(3, (FRIDAY, ".%MP")),
        attended(4, (FRIDAY, "PP")),
    ]
    elements[2]["values"][1]["date"] = "20261024"
    await kamar.send(document("attendance", "attendance", elements))
    async with kamar.working():
        await kamar.settled("done")

        async def announced() -> set[tuple[str, int]]:
            letters = [json.loads(message.value or b"") for message in await kamar.door.published("star.dead-letters.v1")]
            assert {(letter["service"], letter["topic"], letter["school"]) for letter in letters} <= {("ingest", "kamar", "0999")}
            return {(letter["reason"], letter["count"]) for letter in letters}

        (kept,) = await kamar.documents()
        assert kept["refused"]
        await eventually(announced, set(kept["refused"].items()))
    marks = await kamar.marks()
    assert marks["1", FRIDAY, 2] == "Z"  # retired, but known
    assert marks["3", FRIDAY, 3] == "M"
    assert marks["4", FRIDAY, 2] == "P"
    refusals = await kamar.refusals()
    assert ("3", FRIDAY, "unknown-code", 1) in refusals
    assert {reason for _, _, reason, _ in refusals} == {
        "bad-field", "unknown-code", "no-timetable", "closed-day", "outside-term", "future-date",
    }  # fmt: skip


async def test_students_are_published_once_until_they_change(kamar: Kamar) -> None:
    async def said(number: int) -> list[dict[str, Any] | None]:
        key = str(student_id("0999", str(number))).encode()
        messages = [message for message in await kamar.door.published("star.students.v1") if message.key == key]
        return [json.loads(message.value) if message.value else None for message in messages]

    async def times() -> list[int]:
        return [len(await said(number)) for number in (1, 2, 3)]

    async with kamar.working():
        everybody = [student(1), student(2, firstname="Other")]
        await kamar.send(document("full", "students", everybody))
        await eventually(times, [1, 1, 0])
        (first,) = await said(1)
        assert first is not None
        assert (first["student"], first["given_name"], first["groups"], first["nsn"]) == ("1", "Made", ["9A", "9MAT1"], "0123456789")
        caregivers = [(caregiver["name"], caregiver["phone"], caregiver["notify"]) for caregiver in first["caregivers"]]
        assert caregivers == [("Pat Up", "021 000", True), ("Sam Up", None, False)]

        # The same again, and keys left out: nothing to say.
        await kamar.send(document("full", "students", everybody))
        await kamar.send(document("part", "students", [{"id": 1, "tutor": "9A"}]))
        # A tutor changes; caregivers were not in the message and stay.
        await kamar.send(document("part", "students", [{"id": 1, "tutor": "9B"}]))
        await eventually(times, [2, 1, 0])
        changed = (await said(1))[1]
        assert changed is not None
        assert (changed["groups"], len(changed["caregivers"])) == (["9B", "9MAT1"], 2)
        # One leaves by date, one by not being there.
        await kamar.send(document("full", "students", [student(1, leavingdate="20261113", tutor="9B"), student(3)]))
        # Two of three are many: somebody has to say that it is so.
        await kamar.settled(*["done"] * 5)
        assert await times() == [2, 1, 1]
        await kamar.release()
        # The last day goes before the one who left by date.
        await eventually(times, [4, 2, 1])
        last_day = (await said(1))[2]
        assert last_day is not None
        assert last_day["leaves_on"] == "2026-11-13"
        assert ((await said(1))[3], (await said(2))[1]) == (None, None)
        await kamar.settled(*["done"] * 5)
    rows = await sql(kamar.settings, "SELECT CAST(fields AS text) FROM ingest.kamar_students")
    assert len(rows) == 1
    assert "hunter2" not in str(rows)


async def test_words_under_a_merged_key_stop_letters_and_the_kept_key_says_what_it_said(kamar: Kamar) -> None:
    async def newest() -> tuple[list[bool], list[tuple[str, bool]]]:
        key = str(student_id("0999", "1")).encode()
        *_, last = [message for message in await kamar.door.published("star.students.v1") if message.key == key and message.value]
        child = json.loads(last.value or b"")
        others = [(person["status"], person["notify"]) for person in child.get("other_caregivers", [])]
        return [person["notify"] for person in child["caregivers"]], others

    async with kamar.working():
        await kamar.send(document("full", "students", [student(1), student(2)]))
        await kamar.settled("done")
        body = {"student": "2", "into": "1"}
        (await kamar.door.send("POST", "/v1/schools/0999/merged-students", json=body)).raise_for_status()
        pat = {"ref": 1, "name": "Pat Up", "email": "pat@example.org", "status": "Emergency"}
        await kamar.send(document("part", "students", [{"id": 2, "caregivers": [pat]}]))
        await eventually(newest, ([True, False], [("Emergency", False)]))


async def test_the_schools_own_quiet_words_hold_whatever_publishes_a_student_again(kamar: Kamar) -> None:
    """Each way by which stored caregivers are published again: a merge, its end, a departure, another door, a key that changes hands."""
    words = frozenset({"aunt on paper"})
    kamar.settings = kamar.settings.model_copy(update={"kamar_quiet_words": words})
    quiet = {"ref": 1, "name": "Pat Up", "email": "pat@example.org", "status": "Aunt on paper"}
    open_to = {"ref": 2, "name": "Sam Up", "email": "sam@example.org", "status": "Aunt"}

    async def of(number: int) -> list[dict[str, Any] | None]:
        key = str(student_id("0999", str(number))).encode()
        messages = [message for message in await kamar.door.published("star.students.v1") if message.key == key]
        return [json.loads(message.value) if message.value else None for message in messages]

    async def published(number: int, times: int) -> dict[str, Any] | None:
        async def seen() -> bool:
            return len(await of(number)) >= times

        await eventually(seen, True)
        return (await of(number))[-1]

    def told(entry: dict[str, Any] | None) -> list[tuple[str, bool]]:
        assert entry is not None
        return [(person["name"], person["notify"]) for person in [*entry["caregivers"], *entry.get("other_caregivers", [])]]

    async def door(method: str, path: str, **arguments: Any) -> None:
        (await kamar.door.send(method, f"/v1/schools/0999/{path}", **arguments)).raise_for_status()

    def ana(**changes: Any) -> dict[str, Any]:
        return {"student": "1", "given_name": "Made", "family_name": "Up", "year_level": 9} | changes

    def caregivers(**changes: Any) -> list[dict[str, Any]]:
        return [{"name": "Pat Up", "email": "pat@example.org"} | changes, {"name": "Sam Up", "email": "sam@example.org"}]

    async with kamar.working():
        await kamar.send(document("full", "students", [student(1, caregivers=[quiet, open_to]), student(2, caregivers=[quiet])]))
        await kamar.settled("done")
        expected = [("Pat Up", False), ("Sam Up", True)]
        assert told(await published(1, 1)) == expected
        # Another door, which leaves the caregivers out, or their words.
        await door("PUT", "students", json={"students": [ana(groups=["9B"])]})
        assert told(await published(1, 2)) == expected
        await door("PUT", "students", json={"students": [ana(caregivers=caregivers())]})
        assert told(await published(1, 3)) == expected
        await door("POST", "merged-students", json={"student": "2", "into": "1"})
        assert told(await published(1, 4)) == [*expected, ("Pat Up", False)]
        await door("DELETE", "merged-students/2")
        assert told(await published(1, 5)) == expected
        assert told(await published(2, 3)) == [("Pat Up", False)]
        # The key that is kept leaves: the child is published by what stands under the other one, and by nothing when they are apart.
        await door("POST", "merged-students", json={"student": "2", "into": "1"})
        await door("DELETE", "students/1")
        assert told(await published(1, 7)) == [("Pat Up", False)]
        # The key comes back through another door, and the two are taken apart.
        await door("PUT", "students", json={"students": [ana(caregivers=caregivers(status="Aunt"))]})
        assert told(await published(1, 8)) == [("Pat Up", True), ("Sam Up", True), ("Pat Up", False)]
        await door("DELETE", "merged-students/2")
        assert told(await published(2, 5)) == [("Pat Up", False)]
    stored = await sql(kamar.settings, "SELECT student, quiet_words FROM ingest.students ORDER BY student")
    assert [(row["student"], row["quiet_words"]) for row in stored] == [("1", None), ("2", sorted(words))]


async def test_the_quiet_words_hold_for_a_last_day_that_comes_and_one_that_is_over(kamar: Kamar) -> None:
    """Dates are published apart from the rest of a document, by `departures`: they must not open a caregiver's mailbox."""
    kamar.settings = kamar.settings.model_copy(update={"kamar_quiet_words": frozenset({"aunt on paper"})})
    quiet = {"ref": 1, "name": "Pat Up", "email": "pat@example.org", "status": "Aunt on paper"}

    async def said(number: int) -> list[tuple[str | None, list[bool]] | None]:
        """The last day and the mailboxes that are open, each time a student was published; None for one who is taken off."""
        key = str(student_id("0999", str(number))).encode()
        messages = [message.value for message in await kamar.door.published("star.students.v1") if message.key == key]
        children = [json.loads(value) if value else None for value in messages]
        return [child and (child["leaves_on"], [person["notify"] for person in child["caregivers"]]) for child in children]

    async with kamar.working():
        everybody = [student(n, firstname=f"Child {n}", nsn=str(n), caregivers=[quiet]) for n in range(1, 30)]
        await kamar.send(document("full", "students", everybody))
        await kamar.settled("done")
        await kamar.send(document("part", "students", [{"id": 1, "leavingdate": "20261204"}, {"id": 2, "leavingdate": "20261113"}]))
        await eventually(lambda: said(1), [(None, [False]), ("2026-12-04", [False])])
        await eventually(lambda: said(2), [(None, [False]), ("2026-11-13", [False]), None])
        # The same once more says nothing: what was published is remembered as it was published.
        await kamar.send(document("part", "students", [{"id": 1, "leavingdate": "20261204"}]))
        await kamar.settled("done", "done", "done")
        assert await said(1) == [(None, [False]), ("2026-12-04", [False])]
        # A last day that is corrected to one that is over goes the same way.
        await kamar.send(document("part", "students", [{"id": 1, "leavingdate": "20261112"}]))
        await eventually(lambda: said(1), [(None, [False]), ("2026-12-04", [False]), ("2026-11-12", [False]), None])


async def test_the_quiet_words_hold_when_the_other_key_of_a_child_is_forgotten_after_its_time(kamar: Kamar) -> None:
    """A child with two keys, one of which left 400 days ago: what stands under the other one is published, with its words."""
    kamar.settings = kamar.settings.model_copy(update={"kamar_quiet_words": frozenset({"aunt on paper"})})
    quiet = {"ref": 1, "name": "Pat Up", "email": "pat@example.org", "status": "Aunt on paper"}

    async def newest() -> list[bool] | None:
        key = str(student_id("0999", "1")).encode()
        *_, last = [message.value for message in await kamar.door.published("star.students.v1") if message.key == key]
        return [person["notify"] for person in json.loads(last)["caregivers"]] if last else None

    async with kamar.working():
        await kamar.send(document("full", "students", [student(1, caregivers=[]), student(2, caregivers=[quiet])]))
        await kamar.settled("done")
        merged = {"student": "2", "into": "1"}
        (await kamar.door.send("POST", "/v1/schools/0999/merged-students", json=merged)).raise_for_status()
        left = {"student": "1", "given_name": "Made", "family_name": "Up", "leaves_on": "2026-11-19"}
        (await kamar.door.send("PUT", "/v1/schools/0999/students", json={"students": [left]})).raise_for_status()
        await eventually(newest, [])
    engine = create_engine(kamar.settings.database_url, "ingest", pool_size=1)
    (rule,) = retention_rules()
    try:
        for age, forgotten in ((rule.keep_for - timedelta(days=1), 0), (rule.keep_for, 1)):
            clock = ManualClock(NOW + age)
            assert await Retention("ingest", engine, [rule], clock).apply(rule, asyncio.Event()) == forgotten
    finally:
        await engine.dispose()
    async with kamar.working():
        await eventually(newest, [False])


async def test_the_quiet_words_go_along_with_an_entry_that_gets_another_key(kamar: Kamar) -> None:
    """The child that was taken for another is the same one after all: the newer entry is stored under the earlier key, with its words."""
    kamar.settings = kamar.settings.model_copy(update={"kamar_quiet_words": frozenset({"aunt on paper"})})
    quiet = {"ref": 1, "name": "Kit Other", "email": "kit@example.org", "status": "Aunt on paper"}
    other = student(1, firstname="Somebody", lastname="Else", nsn="987654321", yearlevel=13, caregivers=[quiet])

    async def said() -> list[tuple[str, list[bool]]]:
        """By which key the caregiver was published each time, and whether letters may go there."""
        messages = [message for message in await kamar.door.published("star.students.v1") if b"Kit Other" in (message.value or b"")]
        children = [json.loads(message.value or b"") for message in messages]
        return [(child["student"], [person["notify"] for person in child["caregivers"]]) for child in children]

    async with kamar.working():
        others = [student(n, firstname=f"Child {n}", lastname=f"Of {n}", nsn=str(n), caregivers=[]) for n in range(2, 40)]
        await kamar.send(document("full", "students", [student(1), *others]))
        await kamar.settled("done")
        await kamar.send(document("part", "students", [other]))
        await eventually(said, [("1~2", [False])])
        (question,) = (await kamar.door.send("GET", "/v1/schools/0999/identity-questions")).raise_for_status().json()["items"]
        answer = {"decision": "same-child"}
        (await kamar.door.send("POST", f"/v1/schools/0999/identity-questions/{question['id']}", json=answer)).raise_for_status()
        await eventually(said, [("1~2", [False]), ("1", [False])])


async def test_a_restriction_stays_when_a_document_or_another_door_leaves_it_out(kamar: Kamar) -> None:
    sam = {"ref": 2, "name": "Sam Up", "email": "sam@example.org"}
    async with kamar.working():
        await kamar.send(document("full", "students", [student(1)]))
        await kamar.send(document("part", "students", [{"id": 1, "caregivers": [sam]}]))
        await kamar.settled("done", "done")
        rest = {"student": "1", "given_name": "Made", "caregivers": [{"name": "Sam Up", "email": "SAM@example.org"}]}
        (await kamar.door.send("PUT", "/v1/schools/0999/students", json={"students": [rest]})).raise_for_status()

        async def words() -> list[list[str | None]]:
            messages = [json.loads(message.value) for message in await kamar.door.published("star.students.v1") if message.value]
            return [[person["status"] for person in message["caregivers"]] for message in messages]

        await eventually(words, [[None, "No contact"], ["No contact"], ["No contact"]])


async def test_a_full_push_without_most_of_the_school_removes_nobody(kamar: Kamar) -> None:
    async with kamar.working():
        await kamar.send(document("full", "students", [student(number) for number in range(60)]))
        await kamar.send(document("full", "students", [student(number) for number in range(20)]))
        await kamar.settled("done", "done")
        assert (await kamar.documents())[1]["refused"] == {"too-many-left": 1}
        await kamar.send(document("full", "students", [student(number) for number in range(55)]))
        await kamar.settled("done", "done", "done")
    assert (await kamar.documents())[2]["counts"]["students_left"] == 5


async def test_pastoral_rows_are_kept_newest_first(kamar: Kamar) -> None:
    row = {"id": 1, "type": "A", "ref": 5, "reason": "STAR", "starthalfdays": 10, "password": "hunter2"}
    await kamar.send(document("pastoral", "pastoral", [row, {"id": 1}, row | {"reason": "later"}]))
    await kamar.send(document("pastoral", "pastoral", [row | {"reason": "older"}], datetime=20261118090000))
    async with kamar.working():
        await kamar.settled("done", "done")
    (kept,) = await sql(kamar.settings, "SELECT student, type, ref, CAST(document AS text) AS document FROM ingest.kamar_pastoral")
    assert (kept["student"], kept["type"], kept["ref"]) == ("1", "A", "5")
    assert json.loads(kept["document"]) == {key: value for key, value in row.items() if key != "password"} | {"reason": "later"}


async def test_one_system_for_two_schools(kamar: Kamar) -> None:
    schools = [{"schoolindex": 1, "moeCode": "0999"}, {"schoolindex": 2, "moeCode": "0189"}]
    elements = [attended(1, (FRIDAY, ".P")) | {"schoolindex": 1}, attended(2, (FRIDAY, ".P")) | {"schoolindex": "2"}]
    await kamar.send(document("attendance", "attendance", elements, schools=schools))
    async with kamar.working():
        await kamar.settled("done")
    assert {student for student, _, _ in await kamar.marks()} == {"1"}
    assert await kamar.refusals() == {(None, None, "another-school", 1)}


async def test_a_document_that_breaks_off_keeps_what_came_before(kamar: Kamar) -> None:
    whole = json.dumps(document("attendance", "attendance", [attended(number, (FRIDAY, ".P")) for number in range(300)])).encode()
    await kamar.send(whole[:-2000])
    await kamar.send(document("attendance", "attendance", [attended(900, (FRIDAY, ".M"))]))
    async with kamar.working():
        await kamar.settled("failed", "done")
    marks = await kamar.marks()
    assert marks["0", FRIDAY, 2] == "P"
    assert ("299", FRIDAY, 2) not in marks
    assert marks["900", FRIDAY, 2] == "M"
    assert (await kamar.documents())[0]["error"] == "the document ends too early"
    # A person may look at it for some days; then it goes.
    assert len(await sql(kamar.settings, "SELECT number FROM ingest.kamar_chunks")) == 1
    kamar.clock.now += timedelta(days=4)
    async with kamar.working():
        await eventually(lambda: rows_of(kamar, "SELECT number FROM ingest.kamar_chunks"), 0)


async def test_a_worker_killed_in_mid_document(kamar: Kamar, monkeypatch: pytest.MonkeyPatch) -> None:
    elements = [attended(number, (FRIDAY, ".PPMP"), hdu=0, hdj=0, hdp=2) for number in range(450)]
    await kamar.send(document("attendance", "attendance", elements))
    published = asyncio.Event()
    note = Processing._note

    async def dying(self: Processing, connection: Any, batches: int) -> None:
        if batches == 3:
            # Its marks are on the bus, and that is not written down yet.
            published.set()
            await asyncio.sleep(60)
        await note(self, connection, batches)

    monkeypatch.setattr(Processing, "_note", dying)
    await kamar.killed_worker(published)
    monkeypatch.setattr(Processing, "_note", note)
    assert [item["state"] for item in await kamar.documents()] == ["waiting"]
    before = {dict(message.headers)["ce_id"]: message.value for message in await kamar.door.published()}
    async with kamar.working():
        await kamar.settled("done")
    messages = await kamar.door.published()
    after = {dict(message.headers)["ce_id"]: message.value for message in messages}
    # What was said twice was said in the same words; nothing is missing, and nothing counted twice.
    assert len(messages) > len(after) >= len(before) > 0
    assert {event: after[event] for event in before} == before
    assert sum(len(json.loads(value or b"")["marks"]) for value in after.values()) == 450 * 6
    assert (await kamar.documents())[0]["counts"] == {"attendance": 450, "marks": 2700}


async def test_a_document_in_many_slices(kamar: Kamar) -> None:
    kamar.settings = kamar.settings.model_copy(update={"kamar_slice": timedelta()})
    await kamar.send(document("attendance", "attendance", [attended(number, (FRIDAY, ".P")) for number in range(450)]))
    await kamar.send(document("full", "students", [student(number) for number in range(250)]))
    async with kamar.working():
        await kamar.settled("done", "done")
    assert len(await kamar.marks()) == 450 * 5
    assert (await kamar.documents())[1]["counts"]["students_published"] == 250
    assert len(await kamar.door.published("star.students.v1")) == 250
