"""The Ministry's pages: weeks, what was not taken, what would go, one upload, and how uploads go."""

import uuid
from typing import Any

import pytest

from services.moe_sync.adapters.interface import Received, Rejected
from services.moe_sync.uploads.answering import keep_answer
from shared.db.engine import create_engine
from tests.integration.apis.world import OTHER, OWN, STUDENT, World
from tests.integration.console.screens import Screens, Visitor
from tests.integration.thresholds.conftest import NOW
from tests.support.crossings import crossing

MINISTRY = "/console/0999/ministry"


async def answered(world: World, upload: str, *rejected: str) -> None:
    """The Ministry's answer to an upload, as a worker would keep it."""
    engine = create_engine(world.desk.settings.database_url, "moe_sync", pool_size=1)
    answer = Received("R-1", "partly-accepted", tuple(Rejected(item, "the day is in no term of the school") for item in rejected))
    async with engine.begin() as connection:
        await keep_answer(connection, uuid.UUID(upload), answer, NOW)
    await engine.dispose()


@pytest.fixture
async def principal(screens: Screens) -> Visitor:
    return await screens.person("principal")


async def test_a_week_says_what_was_sent_and_what_was_not_taken(world: World, principal: Visitor) -> None:
    ids = world.ids[OWN]
    before = await principal.look(MINISTRY)
    assert before.heading == "Ministry"
    assert "The next week closes Fri 20 Nov 18:00" in before.text
    assert "16 to 20 Nov" in before.text
    assert "Number 1 · Waits to be sent" in before.text
    await answered(world, ids["upload"], ids["record_id"])
    after = await principal.look(MINISTRY)
    assert "Number 1 · Accepted in part" in after.text
    assert "1 item was not taken by the Ministry and goes again with the next upload, once corrected." in after.text
    rejected = await principal.look(f"{MINISTRY}/rejected")
    assert "Hemi Example Record of 5 days the day is in no term of the school 16 to 20 Nov" in rejected.text
    assert "/console/0999/students/12345?tab=records" in rejected.html


async def test_an_upload_is_shown_beside_what_the_ministry_had(world: World, principal: Visitor) -> None:
    ids = world.ids[OWN]
    await answered(world, ids["upload"], ids["record_id"])
    page = await principal.look(f"{MINISTRY}/uploads/{ids['upload']}")
    assert page.heading == "Upload 1, week 16 to 20 Nov"
    assert "Accepted in part, Fri 20 Nov 15:00" in page.text
    assert "Receipt R-1" in page.text
    assert "Hemi Example 5 days, reached Fri 20 Nov: open, 5 days away New Not taken: the day is in no term of the school" in page.text
    certificate = await principal.http.get(f"{MINISTRY}/uploads/{ids['upload']}/certificate")
    assert (certificate.headers["content-type"], certificate.content[:4]) == ("application/pdf", b"%PDF")
    assert "certificate" in certificate.headers["content-disposition"]
    files = await principal.http.get(f"{MINISTRY}/uploads/{ids['upload']}/files")
    assert files.content[:2] == b"PK"


async def test_there_is_no_certificate_before_the_answer(world: World, principal: Visitor) -> None:
    page = await principal.look(f"{MINISTRY}/uploads/{world.ids[OWN]['upload']}/certificate")
    assert page.status == 409
    assert "only what has been accepted has a certificate" in page.text


async def test_another_schools_upload_is_not_there_under_this_schools_address(world: World, screens: Screens) -> None:
    person = await screens.person("office")
    for path in ("", "/certificate", "/files"):
        assert (await person.look(f"{MINISTRY}/uploads/{world.ids[OTHER]['upload']}{path}")).status in (403, 404)
    assert (await person.look(f"{MINISTRY}/uploads/{uuid.uuid4()}")).status == 404


async def test_an_upload_that_was_carried_is_marked_as_sent(world: World, principal: Visitor) -> None:
    upload = f"{MINISTRY}/uploads/{world.ids[OWN]['upload']}"
    assert "Mark as sent" in (await principal.look(upload)).text
    missing = await principal.send(f"{upload}/mark-sent", {"note": "by the office"})
    assert (missing.status, "The receipt is needed." in missing.text) == (422, True)
    done = await principal.send(f"{upload}/mark-sent", {"receipt": "R-7", "note": "by the office"})
    assert "Marked as sent." in done.text
    assert "Receipt R-7" in done.text
    again = await principal.send(f"{upload}/mark-sent", {"receipt": "R-8"})
    assert "This upload has its answer already: the receipt below." in again.text
    assert "Receipt R-7" in again.text


async def test_nothing_rejected_and_nothing_changed_have_words(principal: Visitor) -> None:
    assert "The Ministry took everything that was sent." in (await principal.look(f"{MINISTRY}/rejected")).text


async def test_what_would_go_is_shown_and_sent_by_hand(world: World, screens: Screens) -> None:
    again = crossing("up", 5, 11, tiers=("green", "yellow"), sequence=2, student=STUDENT, said_at=NOW, occurred_on=NOW.date(), school=OWN)
    person = await screens.person("office")
    nothing = await person.look(f"{MINISTRY}/preview")
    assert "Nothing has changed since the last upload." in nothing.text
    await answered(world, world.ids[OWN]["upload"])
    await world.into_moe_sync(world.heart.message(again.encode()))
    page = await person.look(f"{MINISTRY}/preview")
    assert "1 item would go now: 0 new, 1 changed, 0 taken back." in page.text
    assert "Hemi Example" in page.text
    sent = await person.send(f"{MINISTRY}/run", {"week": "2026-W47"})
    assert "Upload 2 of the week 16 to 20 Nov is built: 1 item." in sent.text
    assert sent.heading == "Upload 2, week 16 to 20 Nov"
    assert "Changed days away: 5 days → 5.5 days; times reached: 1 → 2" in sent.text
    early = await person.send(f"{MINISTRY}/run", {"week": "2026-W50"})
    assert "That was not done: this week has not begun yet at the school." in early.text
    assert (await person.look(f"{MINISTRY}/preview", week="soon")).status == 422


async def test_how_uploads_go_is_changed_by_the_principal_alone(principal: Visitor, screens: Screens) -> None:
    kept = await principal.send(f"{MINISTRY}/choices", {"day": "thursday", "time": "17:30", "adapter": "folder"})
    assert "The choices are kept." in kept.text
    assert 'value="17:30"' in kept.html
    paused = await principal.send(f"{MINISTRY}/pause", {"reason": "The numbers are being checked"})
    assert "Uploads are paused. Undo" in paused.text
    assert "The numbers are being checked" in (await principal.look(MINISTRY)).text
    assert "Uploads go again." in (await principal.send(f"{MINISTRY}/resume")).text
    office = await screens.person("office")
    assert "The principal changes this." in (await office.look(f"{MINISTRY}/choices")).text
    changes: tuple[tuple[str, dict[str, Any]], ...] = (("choices", {}), ("pause", {"reason": "because"}), ("resume", {}))
    for path, form in changes:
        assert (await office.send(f"{MINISTRY}/{path}", form)).status == 403, path


async def test_the_weeks_are_a_file_too(principal: Visitor) -> None:
    answer = await principal.http.get(f"{MINISTRY}?format=csv")
    lines = answer.text.splitlines()
    assert lines[0] == "week,closes,built,sent,number,status,records,responses,rejected,receipt"
    assert lines[1].startswith("2026-W47,")
