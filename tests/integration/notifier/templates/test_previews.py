"""A school sees its letters before a family does."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from shared.events.data import Caregiver
from tests.integration.notifier.conftest import HOLD, MERE, Desk, Visitor
from tests.integration.notifier.templates.test_templates import BODY, PATH, put, with_days
from tests.support.crossings import STUDENT_ID, up

OFFICE = "office@otaki.example.nz"


async def preview(visitor: Visitor, threshold: int = 5, **body: Any) -> dict[str, Any]:
    answer = await visitor.http.post(f"{PATH}/{threshold}/preview", json=body, headers=visitor.headers("star:read"))
    assert answer.status_code == 200, answer.text
    seen: dict[str, Any] = answer.json()
    return seen


async def send(visitor: Visitor, to: str = OFFICE, **body: Any) -> httpx.Response:
    return await visitor.http.post(f"{PATH}/5/test", json={"to": to} | body, headers=visitor.headers("star:write", role="manage"))


async def test_a_made_up_family(known: Desk, visitor: Visitor) -> None:
    seen = await preview(visitor)
    assert seen["subject"] == "Attendance in Term 4"
    assert "Kia ora Mere Example and Sam Example," in seen["text"]
    assert "Ōtaki Example College" in seen["text"]
    assert OFFICE in seen["text"]
    assert "Mon 12 to Wed 14 Oct (3 days)" in seen["text"]
    assert "Tāne" not in seen["text"]
    assert seen["html"].startswith("<!DOCTYPE html>")
    assert (seen["origin"], seen["version"], seen["language"]) == ("house", None, "en")

    ill = await preview(visitor, sample={"mostly_illness": True, "contact_email": False, "absent_days_known": False, "caregivers": 1})
    text = " ".join(ill["text"].split())
    assert "most of this was illness" in text
    assert "Please call in at" in text
    assert "Kia ora Mere Example," in text
    assert "The days away" not in text


async def test_words_that_are_not_saved(known: Desk, visitor: Visitor) -> None:
    await put(visitor)
    assert (await preview(visitor))["origin"] == "school"

    seen = await preview(visitor, subject="{{ child | upper }}")
    assert (seen["subject"], seen["origin"], seen["version"]) == ("AROHA", "request", None)
    assert "Aroha was away for 5.5 days." in seen["text"]
    seen = await preview(visitor, body="**Only** {{ days }}", language="mi")
    assert seen["text"].startswith("Only 5.5\n")
    assert (seen["subject"], seen["language"]) == ("Aroha was away", "mi")

    answer = await visitor.http.post(f"{PATH}/5/preview", json={"body": "{{ nope }}"}, headers=visitor.headers("star:read"))
    assert (answer.status_code, answer.json()["errors"][0]["column"]) == (422, 4)
    assert (await preview(visitor))["version"] == 1


async def test_a_real_students_letter_as_it_would_be_now(known: Desk, visitor: Visitor) -> None:
    await put(visitor, language="sm", body="{{ greeting }}: {{ days }}")
    await put(visitor)
    await known.roster(
        [known.joined(Caregiver(name="Sione Example", email="sione@example.test", language="sm"), MERE, updated_at=known.now + HOLD)]
    )
    await known.say(with_days(up(5, 11, to="yellow"), ("2026-11-19", 1)))

    with capture_logs() as logs:
        seen = await preview(visitor, student="12345")

    assert seen["subject"] == "Tāne was away"
    assert seen["text"].startswith("Sione Example: 5.5\n")
    assert seen["language"] == "sm"
    (line,) = [line for line in logs if line["event"] == "letter.previewed"]
    assert line == {"event": "letter.previewed", "log_level": "info", "student_id": str(STUDENT_ID), "threshold": 5, "caller": "test"}
    assert (await preview(visitor, student="12345", language="en"))["text"].startswith("Kia ora Sione Example,")
    # Nothing was sent, and nothing counts.
    assert known.mail() == []
    assert await known.letters() == [(5, "held", None)]


async def test_whom_a_real_preview_is_for(known: Desk, visitor: Visitor) -> None:
    async def status(student: str, **token: Any) -> tuple[int, str]:
        answer = await visitor.http.post(f"{PATH}/5/preview", json={"student": student}, headers=visitor.headers("star:read", **token))
        assert "Tāne" not in answer.text or answer.status_code == 200
        return answer.status_code, answer.json().get("type", "").removeprefix("urn:nz-star:problem:")

    assert await status("12345") == (404, "no-count")
    assert await status("999") == (404, "unknown-student")
    await known.say(up(5, 11, to="yellow"))
    assert await status("12345", role="manage") == (200, "")
    assert await status("12345", role="respond") == (403, "missing-role")
    assert await status("12345", groups=("10A",)) == (403, "part-of-a-school")
    assert await status("12345", schools=("0189",)) == (403, "another-school")
    await known.roster([known.joined(updated_at=known.now + HOLD)])
    assert await status("12345") == (404, "no-contact")
    both = await visitor.http.post(f"{PATH}/5/preview", json={"student": "12345", "sample": {}}, headers=visitor.headers("star:read"))
    assert both.status_code == 422


async def test_a_test_goes_to_the_school_and_says_that_it_is_one(known: Desk, visitor: Visitor) -> None:
    await put(visitor)
    answer = await send(visitor)
    assert answer.status_code == 202
    assert answer.json() == {
        "id": answer.json()["id"],
        "to": OFFICE,
        "subject": "[Test] Aroha was away",
        "status": "waiting",
    }
    await known.work()

    (mail,) = known.mail()
    assert mail["to"] == [OFFICE]
    assert mail["from"] == "Ōtaki Example College <no-reply@star.invalid>"
    assert mail["subject"] == "[Test] Aroha was away"
    assert mail["message_id"] == f"<{answer.json()['id']}@notifier.star.invalid>"
    text = (mail["text"] or "").replace("\r\n", "\n")
    assert text.startswith("This is a test. The family in this letter is made up")
    assert "Kia ora Mere Example and Sam Example," in text
    assert "Tāne" not in text
    # It is no student's letter.
    assert (await visitor.deliveries())["items"] == []
    assert await known.letters() == []
    assert await known.rows("SELECT status, recipient, subject, body_text FROM trials") == [("sent", None, None, None)]


async def test_a_test_of_words_that_are_not_saved(known: Desk, visitor: Visitor) -> None:
    assert (
        await send(visitor, to="Principal@otaki.example.nz", subject="New", body=BODY, sample={"mostly_illness": True})
    ).status_code == 202
    assert (await send(visitor, body="{{ nope }}")).status_code == 422
    await known.work()

    (mail,) = known.mail()
    assert (mail["to"], mail["subject"]) == (["Principal@otaki.example.nz"], "[Test] New")


@pytest.mark.parametrize(
    "to", ["someone@example.test", "mere@otaki.example.nz", "MERE@OTAKI.example.nz", "not an address", "a@b@otaki.example.nz"]
)
async def test_a_test_goes_to_nobody_else(desk: Desk, visitor: Visitor, to: str) -> None:
    await desk.school()
    await desk.roster([desk.joined(Caregiver(name="Mere Ngata", email="Mere@Otaki.example.nz"))])

    answer = await send(visitor, to)

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:nz-star:problem:not-the-schools-address")
    assert await desk.rows("SELECT * FROM trials") == []


async def test_a_test_without_a_school_or_its_address(desk: Desk, visitor: Visitor) -> None:
    assert (await send(visitor)).status_code == 422
    await desk.school(contact_email=None)
    assert (await send(visitor)).status_code == 422


async def test_who_may_send_one(known: Desk, visitor: Visitor) -> None:
    for headers in (
        visitor.headers("star:read"),
        visitor.headers("star:write", role="respond"),
        visitor.headers("star:write", groups=("10A",)),
        visitor.headers("star:write", schools=("0189",)),
    ):
        assert (await visitor.http.post(f"{PATH}/5/test", json={"to": OFFICE}, headers=headers)).status_code == 403


async def test_so_many_in_an_hour(known: Desk, visitor: Visitor) -> None:
    for _ in range(20):
        assert (await send(visitor)).status_code == 202
        known.passes(timedelta(minutes=1))
    refused = await send(visitor)
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:nz-star:problem:too-many-tests")
    assert refused.headers["Retry-After"] == "2400"

    known.passes(timedelta(minutes=40))
    assert (await send(visitor)).status_code == 202
    assert (await send(visitor)).status_code == 429


async def test_a_test_that_is_refused_for_good_is_settled(known: Desk, visitor: Visitor) -> None:
    known.catcher.refuse(550, times=1)
    assert (await send(visitor)).status_code == 202
    await known.work()

    assert known.mail() == []
    assert await known.rows("SELECT status, reason, recipient FROM trials") == [("failed", "RCPT 550", None)]


async def test_a_test_waits_for_the_mail_server(known: Desk, visitor: Visitor) -> None:
    known.catcher.refuse(451, times=1)
    assert (await send(visitor)).status_code == 202
    await known.work()
    assert known.mail() == []
    known.passes(timedelta(minutes=1))
    await known.work()

    assert len(known.mail()) == 1


async def test_the_same_request_sends_one_test(known: Desk, visitor: Visitor) -> None:
    headers = visitor.headers("star:write", role="manage") | {"Idempotency-Key": "test-7"}
    first = await visitor.http.post(f"{PATH}/5/test", json={"to": OFFICE}, headers=headers)
    assert (await visitor.http.post(f"{PATH}/5/test", json={"to": OFFICE}, headers=headers)).json() == first.json()
    await known.work()
    again = await visitor.http.post(f"{PATH}/5/test", json={"to": OFFICE}, headers=headers)
    assert again.json() == first.json() | {"status": "sent"}
    await known.work()
    assert len(known.mail()) == 1
