"""A family's reply stands on the record, waits for a person, counts as taking part, and can hold the next letter."""

import uuid
from datetime import date, timedelta
from typing import Any

from services.thresholds.replies.handler import RepliesHandler
from services.thresholds.worker import ROOMS
from shared.deadletters.box import DeadLetterBox
from shared.erasures.handler import ErasuresHandler
from shared.events.catalogue import FAMILY_REPLIED, STUDENT_ERASED
from shared.events.data import FamilyReplied, StudentErased
from shared.identifiers import student_id
from tests.integration.thresholds.records.staffroom import SCHOOL, TERM, Staffroom, record_id, record_path
from tests.support.applied import Applied

WORK = f"/v1/schools/{SCHOOL}/work"
REPLIES = f"/v1/schools/{SCHOOL}/students/1/replies"


async def replied(staffroom: Staffroom, student: str = "1", **changes: Any) -> uuid.UUID:
    """Has a family answer its letter at five days; answers the reply's id."""
    fields: dict[str, Any] = {
        "reply_id": uuid.uuid4(),
        "letter_id": uuid.UUID(int=7),
        "school": SCHOOL,
        "student": student,
        "student_id": student_id(SCHOOL, student),
        "term": TERM,
        "threshold": 5,
        "channel": "email",
        "choice": "ring-me",
        "has_words": False,
        "replied_at": staffroom.clock.now,
    }
    data = FamilyReplied(**(fields | changes))
    handler = RepliesHandler(DeadLetterBox("thresholds"), lambda: staffroom.clock.now)
    message = staffroom.heart.event(FAMILY_REPLIED, str(data.student_id), data)
    await Applied(staffroom.heart.engine, handler)([message, message])
    return data.reply_id


async def replies_waiting(staffroom: Staffroom, **more: Any) -> list[dict[str, Any]]:
    return [item for item in (await staffroom.ok("GET", WORK, role="view", **more))["items"] if item["kind"] == "family-reply"]


async def test_a_reply_waits_for_the_assignee_until_somebody_has_seen_to_it(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A")
    await staffroom.crossed("1")
    await staffroom.ok("PATCH", record_path("1"), {"assigned_to": "Ms Example"})
    reply = await replied(staffroom, has_words=True)
    (item,) = await replies_waiting(staffroom)
    assert item["sentence"] == (
        "The family of Hemi Example 1 answered on Fri 20 Nov: please ring, and wrote a few words. It is for Ms Example."
    )
    assert (item["record"], item["piece"], item["due"]) == (str(record_id("1")), str(reply), "2026-11-20")
    assert await replies_waiting(staffroom, groups=["9Z"]) == []
    settled = await staffroom.ok("PATCH", f"/v1/replies/{reply}", {"status": "settled"}, subject="tutor", role="respond", groups=["9A"])
    assert (settled["status"], settled["settled_by"]) == ("settled", "tutor")
    assert await replies_waiting(staffroom) == []
    await staffroom.ok("PATCH", f"/v1/replies/{reply}", {"status": "waiting"})
    assert [one["piece"] for one in await replies_waiting(staffroom)] == [str(reply)]
    assert [line["action"] for line in await staffroom.audit(action="settle-reply")] == ["settle-reply"] * 2
    assert await staffroom.refused("PATCH", f"/v1/replies/{reply}", {"status": "settled"}, groups=["9Z"]) == (404, "unknown-reply")
    assert await staffroom.refused("PATCH", f"/v1/replies/{reply}", {"status": "settled"}, role="view") == (403, "missing-role")


async def test_a_reply_is_on_the_record_and_counts_as_taking_part(staffroom: Staffroom) -> None:
    await staffroom.crossed("1")
    evidence = f"/v1/schools/{SCHOOL}/students/1/evidence"
    part = {one["item"]: one["met"] for one in (await staffroom.ok("GET", evidence))["items"]}
    assert part["family-s-part"] is False
    reply = await replied(staffroom, choice="wrong-number")
    part = {one["item"]: one["met"] for one in (await staffroom.ok("GET", evidence))["items"]}
    assert part["family-s-part"] is True
    steps = (await staffroom.ok("GET", f"{record_path('1')}/history"))["items"]
    assert (steps[-1]["action"], steps[-1]["by"], steps[-1]["changes"]) == (
        "family-replied",
        "family",
        {"choice": {"from": None, "to": "wrong-number"}},
    )
    # The message came twice, and it is there once.
    assert [step["action"] for step in steps].count("family-replied") == 1
    (listed,) = (await staffroom.ok("GET", REPLIES, role="view"))["items"]
    assert (listed["id"], listed["record"], listed["status"], listed["settled_by"]) == (str(reply), str(record_id("1")), "waiting", None)


async def test_the_policy_of_the_school_can_hold_the_next_letter(staffroom: Staffroom) -> None:
    await staffroom.crossed("1")
    until = date(2026, 11, 24)
    await replied(staffroom, hold_until=until)
    ((kind, data),) = [one for one in await staffroom.said() if one[0].startswith("letters")]
    assert (kind, data["threshold"], data["until"]) == ("letters.held", None, until)
    (hold,) = (await staffroom.ok("GET", f"/v1/schools/{SCHOOL}/students/1/hold"))["items"]
    assert (hold["held_by"], hold["until"]) == ("family", "2026-11-24")
    # Staff lift it as any other.
    await staffroom.ok("DELETE", f"/v1/schools/{SCHOOL}/students/1/hold")
    assert [kind for kind, _ in await staffroom.said()][-1] == "letters.released"


async def test_a_hold_of_staff_that_lasts_longer_stays(staffroom: Staffroom) -> None:
    await staffroom.crossed("1")
    await staffroom.ok("PUT", f"/v1/schools/{SCHOOL}/students/1/hold", {"reason": "in hospital", "until": "2026-11-30"})
    await replied(staffroom, hold_until=date(2026, 11, 24))
    holds = (await staffroom.ok("GET", f"/v1/schools/{SCHOOL}/students/1/hold"))["items"]
    assert [(one["held_by"], one["until"]) for one in holds] == [("dean", "2026-11-30")]
    await replied(staffroom, hold_until=date(2026, 12, 4))
    holds = (await staffroom.ok("GET", f"/v1/schools/{SCHOOL}/students/1/hold"))["items"]
    assert [(one["held_by"], one["until"], one["lifted_by"]) for one in holds] == [
        ("family", "2026-12-04", None),
        ("dean", "2026-11-30", "family"),
    ]


async def test_a_reply_under_another_key_of_the_child_is_the_childs(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A")
    await staffroom.crossed("1")
    reply = await replied(staffroom, student="2")
    async with staffroom.heart.engine.begin() as connection:
        await connection.exec_driver_sql("INSERT INTO merged_keys (school, student, into_student) VALUES ('0999', '2', '1')")
    (listed,) = (await staffroom.ok("GET", REPLIES, groups=["9A"]))["items"]
    assert (listed["id"], listed["student"], listed["record"]) == (str(reply), "2", None)
    await staffroom.ok("PATCH", f"/v1/replies/{reply}", {"status": "settled"}, groups=["9A"])


async def test_a_reply_outlives_an_erasure_without_a_word(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A")
    await staffroom.crossed("1")
    await replied(staffroom)
    at = staffroom.clock.now + timedelta(seconds=1)
    erased = StudentErased(school=SCHOOL, student="1", student_id=student_id(SCHOOL, "1"), erased_at=at)
    handler = ErasuresHandler(DeadLetterBox("thresholds"), lambda: at, rooms=ROOMS)
    await Applied(staffroom.heart.engine, handler)([staffroom.heart.event(STUDENT_ERASED, str(erased.student_id), erased)])
    (row,) = await staffroom.heart.rows("SELECT CAST(kept AS text) AS kept FROM erasures")
    assert '"replys"' not in row.kept
    assert '"replies": 1' in row.kept


async def test_a_reply_of_a_school_that_is_not_known_is_a_dead_letter(staffroom: Staffroom) -> None:
    await replied(staffroom, school="0189", student_id=student_id("0189", "1"))
    assert [row.reason for row in await staffroom.heart.rows("SELECT reason FROM dead_letters")] == ["unknown-school"]
