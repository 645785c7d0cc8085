"""Letters that went stand in the student's evidence, with their delivery and without their words."""

import base64
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.thresholds.letters.handler import LettersHandler
from services.thresholds.worker import ROOMS
from shared.deadletters.box import DeadLetterBox
from shared.erasures.handler import ErasuresHandler
from shared.events.catalogue import LETTER_CAME_BACK, LETTER_SENT, STUDENT_ERASED
from shared.events.data import LetterCameBack, LetterSent, Staff, StaffMember, StudentErased
from shared.events.envelope import EventType
from shared.identifiers import student_id
from tests.integration.thresholds.casework.pieces import OF_STUDENT
from tests.integration.thresholds.records.staffroom import SCHOOL, TERM, Staffroom
from tests.support.applied import Applied
from tests.support.pdfs import pdf_text

STUDENT = student_id(SCHOOL, "1")
DIGEST = "0123456789abcdef" * 4


async def told(staffroom: Staffroom, kind: EventType, data: LetterSent | LetterCameBack) -> None:
    """The notifier says it, twice."""
    handler = LettersHandler(DeadLetterBox("thresholds"), lambda: staffroom.clock.now)
    message = staffroom.heart.event(kind, str(STUDENT), data)
    await Applied(staffroom.heart.engine, handler)([message, message])


async def went(staffroom: Staffroom, **changes: Any) -> uuid.UUID:
    fields: dict[str, Any] = {
        "delivery_id": uuid.uuid4(),
        "letter_id": uuid.UUID(int=7),
        "school": SCHOOL,
        "student": "1",
        "student_id": STUDENT,
        "term": TERM,
        "threshold": 10,
        "channel": "paper",
        "digest": DIGEST,
        "sent_at": staffroom.clock.now,
    }
    data = LetterSent(**(fields | changes))
    await told(staffroom, LETTER_SENT, data)
    return data.delivery_id


async def came_back(staffroom: Staffroom, delivery: uuid.UUID) -> None:
    data = LetterCameBack(delivery_id=delivery, school=SCHOOL, student_id=STUDENT, came_back_at=staffroom.clock.now)
    await told(staffroom, LETTER_CAME_BACK, data)


async def document(staffroom: Staffroom) -> dict[str, Any]:
    answer = await staffroom.as_("dean", "manage", "GET", f"{OF_STUDENT}/evidence.jose")
    payload = answer.text.split(".")[1]
    found: dict[str, Any] = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=="))
    return found


async def letters(staffroom: Staffroom) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await document(staffroom))["letters"]
    return found


async def warned(staffroom: Staffroom) -> bool:
    items = (await staffroom.ok("GET", f"{OF_STUDENT}/evidence"))["items"]
    return bool(next(item["met"] for item in items if item["item"] == "warning-notice"))


async def test_letters_and_their_delivery_are_evidence(staffroom: Staffroom, tmp_path: Path) -> None:
    await staffroom.student("1", "9A")
    await staffroom.crossed(half_days=20)
    await went(staffroom, threshold=5, channel="email")
    assert not await warned(staffroom)
    posted = await went(staffroom)
    assert await warned(staffroom)
    await went(staffroom, threshold=None, occasion="statement", channel="text")
    await went(staffroom, threshold=5, channel="email", corrects=uuid.UUID(int=3))
    await came_back(staffroom, posted)
    await came_back(staffroom, uuid.UUID(int=99))
    found = await letters(staffroom)
    assert [(one["threshold"], one["channel"], one["is_correction"], one["came_back_at"] is not None) for one in found].count(
        (10, "paper", False, True)
    ) == 1
    assert len(found) == 4 and {one["digest"] for one in found} == {DIGEST}
    # A notice that came back warned nobody.
    assert not await warned(staffroom)
    answer = await staffroom.as_("dean", "manage", "GET", f"{OF_STUDENT}/evidence.pdf")
    text = pdf_text(answer.content, tmp_path)
    for words in ("Letters to the family", "10 days", "by post", "came back", "how the student stands", "a correction of"):
        assert words in text, words


async def erase(staffroom: Staffroom) -> None:
    handler = ErasuresHandler(DeadLetterBox("thresholds"), lambda: staffroom.clock.now, rooms=ROOMS)
    data = StudentErased(school=SCHOOL, student="1", student_id=STUDENT, erased_at=staffroom.clock.now)
    await Applied(staffroom.heart.engine, handler)([staffroom.heart.event(STUDENT_ERASED, str(STUDENT), data)])


@pytest.mark.parametrize("on_its_way", [False, True])
async def test_an_erasure_leaves_that_a_letter_went(staffroom: Staffroom, on_its_way: bool) -> None:
    await staffroom.student("1")
    await staffroom.crossed()
    if on_its_way:
        await erase(staffroom)
        await went(staffroom)
    else:
        await went(staffroom)
        await erase(staffroom)
    (found,) = await letters(staffroom)
    assert (found["threshold"], found["digest"]) == (10, "")


async def test_evidence_names_those_who_are_in_it_and_nobody_else_of_the_staff(staffroom: Staffroom) -> None:
    people = [StaffMember(account=account, name=f"Ms {account.title()}") for account in ("dean", "lead", "office")]
    staffroom.heart.now = staffroom.clock.now + timedelta(seconds=1)
    await staffroom.heart.school(staff=Staff(people=people))
    await staffroom.student("1", "9A")
    record = await staffroom.crossed()
    await staffroom.ok("PATCH", record, {"assigned_to": "lead"})
    assert (await document(staffroom))["accounts"] == {"dean": "Ms Dean", "lead": "Ms Lead"}
