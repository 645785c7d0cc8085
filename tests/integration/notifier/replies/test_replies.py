"""A family answers a letter by the link in it, which holds once; nobody learns anything from trying others."""

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
from msgspec.structs import replace

from services.notifier.replies.tokens import PLACEHOLDER
from services.notifier.replies.words import ENGLISH
from services.notifier.worker import ROOMS
from shared.deadletters.box import DeadLetterBox
from shared.erasures.handler import ErasuresHandler
from shared.events.catalogue import STUDENT_ERASED
from shared.events.data import Caregiver, StudentErased
from shared.events.envelope import Event, new_event_id
from tests.integration.notifier.conftest import HOLD, MERE, Desk, Visitor
from tests.support.applied import Applied
from tests.support.crossings import SCHOOL, STUDENT, STUDENT_ID, days, down, stands, up
from tests.support.everywhere import in_tables

BASE = "https://star.example.test/notifier/reply/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
STANDARD: dict[str, Any] = {"valid_days": 14, "hold_days": 0}


async def written(desk: Desk, visitor: Visitor, caregiver: Caregiver = MERE, **replies: int) -> str:
    """Has a letter go to one caregiver; answers the token in it."""
    await visitor.policy(replies=STANDARD | replies)
    await desk.school()
    await desk.roster([desk.joined(caregiver)])
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(HOLD)
    await desk.work()
    (mail,) = desk.mail()
    return token_in(mail["text"])


def token_in(text: str) -> str:
    (token,) = set(re.findall(re.escape(BASE) + r"([A-Za-z0-9_-]{22})", text))
    return token


async def answer(visitor: Visitor, token: str, **fields: str) -> httpx.Response:
    return await visitor.http.post(f"/reply/{token}", content=urlencode(fields), headers=FORM)


async def told(desk: Desk) -> list[dict[str, Any]]:
    rows = await desk.rows("SELECT value FROM outbox WHERE topic = 'star.replies.v1' ORDER BY id")
    return [json.loads(row.value) for row in rows]


async def test_a_family_answers_once(desk: Desk, visitor: Visitor) -> None:
    token = await written(desk, visitor)
    for _ in range(2):
        # A mail server's scanner follows links as well: it sees no child, and uses nothing up.
        looked = await visitor.http.get(f"/reply/{token}")
        assert looked.status_code == 200
        assert "Ōtaki Example College" in looked.text
        assert "Tāne" not in looked.text
    opened = await answer(visitor, token)
    assert (opened.status_code, "Tāne" in opened.text, "Ngata" in opened.text) == (200, True, False)
    assert "Please choose" not in opened.text
    assert "Please choose" in (await answer(visitor, token, step="answer", words="oops")).text
    done = await answer(visitor, token, step="answer", choice="ring-me", words="After five, on Mere's mobile")
    assert (done.status_code, ENGLISH.thanks in done.text) == (200, True)
    again = await answer(visitor, token, step="answer", choice="ill")
    assert again.status_code == 404
    listed = (await visitor.http.get(f"/v1/schools/{SCHOOL}/replies", headers=visitor.headers("star:read"))).json()["items"]
    assert [(one["student"], one["threshold"], one["choice"], one["words"], one["channel"]) for one in listed] == [
        (STUDENT, 5, "ring-me", "After five, on Mere's mobile", "email")
    ]
    (event,) = await told(desk)
    assert event.pop("reply_id") == listed[0]["id"]
    assert {name: event[name] for name in ("school", "student", "choice", "has_words", "threshold")} == {
        "school": SCHOOL,
        "student": STUDENT,
        "choice": "ring-me",
        "has_words": True,
        "threshold": 5,
    }
    assert "mobile" not in json.dumps(event)


async def test_one_answer_stands_for_unknown_used_and_expired_links(desk: Desk, visitor: Visitor) -> None:
    used = await written(desk, visitor, valid_days=2)
    await answer(visitor, used, step="answer", choice="ill")
    await desk.roster([desk.joined(MERE, student="2")])
    await desk.say(up(5, 10, to="yellow", student="2"))
    desk.passes(HOLD)
    await desk.work()
    late = token_in(desk.mail()[1]["text"])
    assert (await visitor.http.get(f"/reply/{late}")).status_code == 200
    desk.passes(timedelta(days=2, seconds=1))
    tries = [used, late, "A" * 22, PLACEHOLDER, "a", "%C3%A9%FF", "x" * 3000]
    pages = [await visitor.http.get(f"/reply/{token}") for token in tries]
    pages += [await answer(visitor, token, step="answer", choice="ill") for token in tries]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    names = [{name: value for name, value in page.headers.items() if not name.startswith("ratelimit")} for page in pages]
    assert all(headers == names[0] for headers in names)
    assert len(await told(desk)) == 1


async def test_who_tries_one_link_after_another_is_stopped(desk: Desk, visitor: Visitor) -> None:
    token = await written(desk, visitor)
    answers = [(await visitor.http.get(f"/reply/{number:022d}")).status_code for number in range(60)]
    assert answers[:50] == [404] * 50
    assert answers[-1] == 429
    # From there, nothing is looked at for a while: not even a link that holds.
    stopped = await visitor.http.get(f"/reply/{token}")
    assert (stopped.status_code, "too many tries" in stopped.text) == (429, True)


async def test_the_page_runs_nothing_and_tells_nobody(desk: Desk, visitor: Visitor) -> None:
    token = await written(desk, visitor)
    for page in (await visitor.http.get(f"/reply/{token}"), await answer(visitor, token), await visitor.http.get("/reply/none")):
        headers = page.headers
        assert headers["referrer-policy"] == "no-referrer"
        assert "noindex" in headers["x-robots-tag"]
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert "form-action 'self'" in headers["content-security-policy"]
        assert "<script" not in page.text
        assert "http://" not in page.text
        assert "set-cookie" not in headers


async def test_no_token_is_kept_anywhere(desk: Desk, visitor: Visitor) -> None:
    token = await written(desk, visitor)
    assert await in_tables(desk.settings.database_url.replace("+asyncpg", ""), [token]) == []
    (row,) = await desk.rows("SELECT body_text, body_html FROM deliveries")
    assert PLACEHOLDER in row.body_text
    assert PLACEHOLDER in row.body_html
    assert (await visitor.http.get(f"/reply/{PLACEHOLDER}")).status_code == 404


async def test_a_letter_that_is_written_anew_keeps_its_link(desk: Desk, visitor: Visitor) -> None:
    await visitor.policy(replies=STANDARD)
    await desk.school()
    await desk.roster([desk.joined(MERE)])
    await desk.say(up(5, 10, to="yellow", standing=1))
    desk.passes(HOLD)
    await desk.runner.run_once()
    before = [row.digest for row in await desk.rows("SELECT digest FROM reply_links")]
    await desk.stands(stands(days(6), 2))
    await desk.work()
    (mail,) = desk.mail()
    assert "6 days" in mail["text"]
    assert (await visitor.http.get(f"/reply/{token_in(mail['text'])}")).status_code == 200
    assert [row.digest for row in await desk.rows("SELECT digest FROM reply_links")] == before


async def test_letters_carry_no_link_unless_the_school_wishes_it(known: Desk, visitor: Visitor) -> None:
    await known.say(up(5, 10, to="yellow"))
    known.passes(HOLD)
    await known.work()
    assert all("/reply/" not in mail["text"] + mail["html"] for mail in known.mail())
    assert await known.rows("SELECT 1 FROM reply_links") == []
    # A policy that was set before there were links has none.
    assert (await visitor.policy(daily_cap=7))["replies"] is None


async def test_the_hold_of_the_policy_is_told_with_the_answer(desk: Desk, visitor: Visitor) -> None:
    token = await written(desk, visitor, hold_days=5)
    await answer(visitor, token, step="answer", choice="wrong-number")
    (event,) = await told(desk)
    # The 20th, from three in the afternoon on.
    assert (event["choice"], event["hold_until"], event["has_words"]) == ("wrong-number", "2026-11-24", False)


async def test_the_page_is_in_the_words_of_the_school(desk: Desk, visitor: Visitor) -> None:
    words = ENGLISH.model_dump() | {"ring_me": "Waea mai", "hello": "Kua tuhi te kura"}
    path = f"/v1/schools/{SCHOOL}/reply-words"
    put = await visitor.http.put(f"{path}/mi", json=words, headers=visitor.headers("star:write"))
    assert (put.status_code, put.json()["origin"]) == (200, "school")
    languages = (await visitor.http.get(path, headers=visitor.headers("star:read"))).json()["items"]
    assert [(one["language"], one["origin"]) for one in languages] == [("en", "house"), ("mi", "school")]
    token = await written(desk, visitor, Caregiver(name="Mere Ngata", email="mere@example.test", language="mi"))
    closed, opened = await visitor.http.get(f"/reply/{token}"), await answer(visitor, token)
    assert '<html lang="mi" dir="ltr">' in closed.text
    assert "Kua tuhi te kura" in closed.text
    assert "Waea mai" in opened.text
    bad = await visitor.http.put(f"{path}/mi", json=words | {"send": ""}, headers=visitor.headers("star:write"))
    assert bad.status_code == 422
    assert (await visitor.http.delete(f"{path}/mi", headers=visitor.headers("star:write"))).status_code == 204
    assert (await visitor.http.delete(f"{path}/mi", headers=visitor.headers("star:write"))).status_code == 404
    assert '<html lang="en-NZ" dir="ltr">' in (await visitor.http.get(f"/reply/{token}")).text


async def test_a_link_of_a_student_who_left_or_was_erased_does_not_hold(desk: Desk, visitor: Visitor) -> None:
    token = await written(desk, visitor)
    await answer(visitor, token, step="answer", choice="need-help", words="Mere is in hospital")
    await desk.roster([desk.joined(MERE, student="2")])
    await desk.say(up(5, 10, to="yellow", student="2"))
    desk.passes(HOLD)
    await desk.work()
    left = token_in(desk.mail()[1]["text"])
    await desk.roster([desk.left("2")])
    assert (await visitor.http.get(f"/reply/{left}")).status_code == 404
    desk.passes(timedelta(seconds=1))
    erased = StudentErased(school=SCHOOL, student=STUDENT, student_id=STUDENT_ID, erased_at=desk.now)
    sent = Event(STUDENT_ERASED, new_event_id(), "/ingest", desk.now, str(STUDENT_ID), erased).encode()
    await Applied(desk.engine, ErasuresHandler(DeadLetterBox("notifier"), desk.clock, rooms=ROOMS))([desk.message(sent)])
    assert await in_tables(desk.settings.database_url.replace("+asyncpg", ""), ["hospital"]) == []
    (row,) = await desk.rows("SELECT choice, words FROM replies")
    assert tuple(row) == ("need-help", None)


async def test_a_link_of_somebody_who_must_not_be_written_to_any_more_does_not_hold(desk: Desk, visitor: Visitor) -> None:
    token = await written(desk, visitor)
    desk.passes(timedelta(seconds=1))
    await desk.roster([desk.joined(replace(MERE, status="No contact"))])
    assert (await visitor.http.get(f"/reply/{token}")).status_code == 404
    page = await answer(visitor, token)
    assert (page.status_code, "Tāne" in page.text) == (404, False)
    assert await told(desk) == []
    # The same mailbox, and somebody else beside it.
    desk.passes(timedelta(seconds=1))
    await desk.roster([desk.joined(MERE, replace(MERE, name="Hemi", status="trespassed"))])
    assert (await visitor.http.get(f"/reply/{token}")).status_code == 404
    # An address that the family has changed is nobody else's.
    desk.passes(timedelta(seconds=1))
    await desk.roster([desk.joined(replace(MERE, email="new@example.test"))])
    assert (await visitor.http.get(f"/reply/{token}")).status_code == 200


async def test_a_tutor_reads_the_answers_of_their_own_families(desk: Desk, visitor: Visitor) -> None:
    token = await written(desk, visitor)
    await answer(visitor, token, step="answer", choice="ill")
    await desk.roster([desk.joined(MERE, groups=["10A"], updated_at=desk.now + timedelta(seconds=1))])
    path = f"/v1/schools/{SCHOOL}/replies"
    for groups, expected in ((("10A",), 1), (("9Z",), 0)):
        headers = visitor.headers("star:read", role="view", groups=groups)
        assert len((await visitor.http.get(path, headers=headers)).json()["items"]) == expected
    assert (await visitor.http.get(path, headers=visitor.headers("star:read", schools=("0189",)))).status_code == 403


async def test_a_letter_that_was_taken_back_can_be_answered(desk: Desk, visitor: Visitor) -> None:
    """A family's answer is not less true for it."""
    token = await written(desk, visitor)
    await desk.say(down(5, 9, to="green"))
    assert (await answer(visitor, token, step="answer", choice="wrong-number")).status_code == 200


async def test_a_body_that_no_form_sends_is_refused(desk: Desk, visitor: Visitor) -> None:
    token = await written(desk, visitor)
    refused = await visitor.http.post(f"/reply/{token}", content=b"words=" + b"x" * 20_000, headers=FORM)
    assert refused.status_code == 413
    # Nothing was used up.
    assert (await answer(visitor, token)).status_code == 200
