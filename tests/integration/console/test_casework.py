"""Casework on the screens: contacts, meetings, plans and evidence in a student's tab, and families rung in a row."""

import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import quote

import pytest

from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import Caregiver, StudentUpdated
from shared.identifiers import student_id
from tests.integration.apis.world import World
from tests.integration.console.conftest import Screens
from tests.integration.thresholds.conftest import NOW, absences

SCHOOL = "/console/0999"
OF_STUDENT = f"{SCHOOL}/students/20001"


@pytest.fixture
async def family(world: World) -> AsyncIterator[World]:
    """A student at 5.5 days whose mother may be rung, and whose father may not."""
    who = student_id("0999", "20001")
    mother = Caregiver(name="Mere Example", phone="021 555 0101", email="mere.e@example.test", relationship="mother")
    father = Caregiver(name="Tama Example", phone="021 555 0102", email="tama.e@example.test", status="Non contact parent")
    person = StudentUpdated(
        school="0999",
        student="20001",
        student_id=who,
        given_name="Āwhina",
        family_name="Example",
        year_level=10,
        groups=["10A"],
        caregivers=[mother, father],
        updated_at=NOW,
    )
    message = world.heart.event(STUDENT_UPDATED, str(who), person)
    await world.heart.roster_handler([message])
    await world.desk.roster([message])
    await world.heart.post(absences(11, student="20001"), "0999")
    yield world


async def test_families_are_rung_one_after_the_other(screens: Screens, family: World) -> None:
    person = await screens.person("office")
    listed = await person.look(f"{SCHOOL}/students")
    assert f'formaction="{SCHOOL}/calling"' in listed.html
    first = await person.look(f"{SCHOOL}/calling", student=["20001", "12345"])
    assert first.heading == "Ring the family of Āwhina Example"
    assert "2 families to ring." in first.text
    assert 'href="tel:0215550101"' in first.html
    assert "021 555 0102" not in first.text
    assert "Don't ring: the words about them" in first.text
    (activity,) = re.findall(r'name="activity" value="([^"]+)"', first.html)
    call = {"student": ["20001", "12345"], "whom": "Mere Example", "staff": "Ms Example", "how": "phone"}
    second = await person.send(f"{SCHOOL}/calling?done=0", call | {"outcome": "reached", "activity": activity})
    assert second.heading == "Ring the family of Hemi Example"
    assert "Recorded: reached." in second.text
    assert "1 family to ring; 1 contact recorded." in second.text
    assert 'value="Ms Example"' in second.html
    last = await person.send(f"{SCHOOL}/calling?done=1", call | {"student": ["12345"], "outcome": "no-answer", "activity": activity})
    assert "2 contacts recorded. No family of the list is left." in last.text
    tab = await person.look(OF_STUDENT, tab="casework")
    assert "Telephone, Mere Example Reached (response) Ms Example" in tab.text
    other = await person.look(f"{SCHOOL}/students/12345", tab="casework")
    assert "No answer Ms Example" in other.text


async def test_a_form_that_can_t_be_taken_stays_with_the_family(screens: Screens, family: World) -> None:
    person = await screens.person("dean")
    call = {"student": ["20001"], "whom": "Mere", "staff": "Ms Example", "outcome": "reached", "activity": "juggling", "note": "busy"}
    stays = await person.send(f"{SCHOOL}/calling", call)
    assert stays.heading == "Ring the family of Āwhina Example"
    assert "That was not done: the school's list has no such activity" in stays.text


async def test_a_student_has_a_page_whatever_signs_the_schools_key_has(screens: Screens, family: World) -> None:
    key = "A?1/2#3%25;=&~"
    who = student_id("0999", key)
    person = StudentUpdated(
        school="0999", student=key, student_id=who, given_name="Niko", family_name="Example", year_level=10, updated_at=NOW
    )
    await family.heart.roster_handler([family.heart.event(STUDENT_UPDATED, str(who), person)])
    await family.heart.post(absences(11, student=key), "0999")
    dean = await screens.person("dean")
    page = f"{SCHOOL}/students/{quote(key, safe='')}"
    assert "Niko Example" in (await dean.look(page)).heading
    called = {"student": [key], "whom": "Mere Example", "staff": "Ms Example", "how": "phone", "outcome": "no-answer"}
    assert "1 contact recorded" in (await dean.send(f"{SCHOOL}/calling?done=0", called)).text
    assert "No answer Ms Example" in (await dean.look(page, tab="casework")).text
    held = await dean.send(f"{page}/hold", {"reason": "their own", "until": "2026-11-24"})
    assert "Niko Example" in held.heading
    assert "their own" in held.text


async def test_a_meeting_is_planned_moved_and_held(screens: Screens, family: World) -> None:
    person = await screens.person("dean")
    plan = {"day": "2026-11-18", "clock": "15:30", "place": "Room 4", "people": "Mere Example, mere@example.test, mother\nMs Example"}
    page = await person.send(f"{OF_STUDENT}/meetings", plan)
    assert "The meeting is planned." in page.text
    assert "Wed 18 Nov 15:30 , Room 4 · planned With Mere Example (mother), Ms Example" in page.text
    (address,) = set(re.findall(rf'href="({OF_STUDENT}/meetings/[^"]+\.ics)"', page.html))
    file = await person.http.get(address)
    assert (file.headers["content-type"].partition(";")[0], file.text.startswith("BEGIN:VCALENDAR")) == ("text/calendar", True)
    meeting = address.removesuffix(".ics")
    moved = await person.send(meeting, {"status": "planned", "day": "2026-11-19", "clock": "08:30"})
    assert "Thu 19 Nov 8:30 , Room 4 · planned, changed 1 time" in moved.text
    held = await person.send(meeting, {"status": "held", "outcome": "a lift on Mondays"})
    assert "The meeting was held. It is a response on the record, too." in held.text
    assert "Agreed: a lift on Mondays" in held.text
    assert "A meeting with the family was held" not in held.text
    assert "The record says whether the family took part The Ministry, before a prosecution Yes" in held.text


async def test_a_support_plan_is_made_agreed_signed_and_reviewed(screens: Screens, family: World) -> None:
    person = await screens.person("office")
    form = await person.look(f"{OF_STUDENT}/support-plan")
    assert form.heading == "Support plan for Āwhina Example"
    body = {
        "barriers": "the bus is late\n\nMondays",
        "goals.0.text": "at school on Mondays",
        "goals.0.baseline": "2 of 6",
        "actions.0.text": "ask about the bus",
        "actions.0.who": "school",
        "actions.0.by": "2026-11-27",
    }
    page = await person.send(f"{OF_STUDENT}/support-plan", body)
    assert "The support plan is saved." in page.text
    assert "In the way: the bus is late; Mondays" in page.text
    (address,) = set(re.findall(rf'href="({OF_STUDENT}/support-plan/[^"]+\.pdf)"', page.html))
    assert (await person.http.get(address)).content.startswith(b"%PDF")
    plan = address.rpartition("/")[2].removesuffix(".pdf")
    again = await person.look(f"{OF_STUDENT}/support-plan", plan=plan)
    assert 'value="at school on Mondays"' in again.html
    agreed = await person.send(f"{OF_STUDENT}/support-plan", body | {"plan": plan, "status": "agreed", "agreed_by": "Mere Example, mother"})
    assert "agreed on Fri 20 Nov · version 2 Review due Fri 4 Dec" in agreed.text
    reviewed = await person.send(f"{address.removesuffix('.pdf')}/reviews", {"on": "2026-11-20", "staff": "Ms Example", "took_part": "yes"})
    assert "Reviewed 1 time, last on Fri 20 Nov." in reviewed.text
    wrong = await person.send(f"{OF_STUDENT}/support-plan", {"actions.0.text": "no side"})
    assert (wrong.status, "Actions, row 1: Who is needed." in unescape(wrong.text)) == (422, True)


async def test_evidence_is_for_those_who_manage(screens: Screens, family: World) -> None:
    for name in ("office", "dean"):
        person = await screens.person(name)
        page = await person.look(OF_STUDENT, tab="casework")
        assert "The case has one contact at the school The Attendance Service No No record is assigned to a person" in page.text
        file = await person.http.get(f"{OF_STUDENT}/evidence.pdf", params={"cover": "person"})
        assert (file.status_code, file.headers["content-type"]) == (200, "application/pdf")
    partner = await screens.person("partner")
    assert (await partner.look(f"{OF_STUDENT}/evidence.pdf")).status == 403


def once(html: str, action: str) -> str:
    """The key in a form that leads there."""
    (form,) = [
        form for form in re.findall(r"(?s)<form.*?</form>", html) if f'action="{action}"' in form or (not action and "action=" not in form)
    ]
    (key,) = re.findall(r'name="once" value="([^"]+)"', form)
    return str(key)


async def test_a_form_that_is_sent_twice_records_once(screens: Screens, family: World) -> None:
    person = await screens.person("dean")
    tab = await person.look(OF_STUDENT, tab="casework")
    assert len(set(re.findall(r'name="once" value="([^"]+)"', tab.html))) == tab.html.count('name="once"') == 2
    call = {"how": "phone", "whom": "Mere Example", "outcome": "no-answer", "staff": "Ms Example", "note": "first try"}
    call |= {"once": once(tab.html, f"{OF_STUDENT}/contacts")}
    meeting = {"day": "2026-11-18", "clock": "15:30", "agenda": "the bus", "once": once(tab.html, f"{OF_STUDENT}/meetings")}
    plan = {"actions.0.text": "ask about the bus", "actions.0.who": "school", "status": "agreed"}
    plan |= {"once": once((await person.look(f"{OF_STUDENT}/support-plan")).html, "")}
    for path, form in (("contacts", call), ("meetings", meeting), ("support-plan", plan)):
        for _ in range(2):
            sent = await person.send(f"{OF_STUDENT}/{path}", form)
            assert "was not done" not in sent.text
    (review_at,) = re.findall(r'action="([^"]+/reviews)"', sent.html)
    review = {"on": "2026-11-13", "staff": "Ms Example", "note": "better", "once": once(sent.html, review_at)}
    for _ in range(2):
        sent = await person.send(review_at, review)
    assert "Reviewed 1 time, last" in sent.text
    assert [sent.text.count(words) for words in ("first try", "the bus", "○ ask about the bus")] == [1, 2, 1]
    changed = await person.send(f"{OF_STUDENT}/contacts", call | {"note": "second try"})
    assert "That was not done: this form was sent before, with something else in it; fill in a new one." in changed.text
    call |= {"once": once(changed.html, f"{OF_STUDENT}/contacts"), "note": "second try"}
    assert (await person.send(f"{OF_STUDENT}/contacts", call)).text.count("second try") == 1


async def test_a_contact_is_withdrawn_with_the_response_that_it_wrote(screens: Screens, family: World) -> None:
    person = await screens.person("office")
    call = {"how": "phone", "whom": "Mere Example", "outcome": "reached", "staff": "Ms Example", "activity": "conversation-with-whanau"}
    first = await person.send(f"{OF_STUDENT}/contacts", call | {"note": "by mistake"})
    assert "The contact is recorded. Undo" in first.text
    assert "Conversation with whānau" in (await person.look(OF_STUDENT, tab="records")).text
    (address,) = set(re.findall(rf'action="({OF_STUDENT}/contacts/[^"]+/withdraw)"', first.html))
    withdrawn = await person.send(address)
    assert "The contact is withdrawn. It stays on file." in withdrawn.text
    assert "by mistake" not in withdrawn.text
    assert "Conversation with whānau" not in (await person.look(OF_STUDENT, tab="records")).text
    again = await person.send(f"{OF_STUDENT}/contacts", call)
    (address,) = set(re.findall(rf'action="({OF_STUDENT}/contacts/[^"]+/withdraw)"', again.html))
    other = address.replace("20001", "12345")
    assert (await person.send(other)).status == 404
    # The way back that the note offers.
    assert "The contact is withdrawn." in (await person.send(address)).text


async def test_what_was_said_of_a_meeting_is_taken_back(screens: Screens, family: World) -> None:
    person = await screens.person("office")
    page = await person.send(f"{OF_STUDENT}/meetings", {"day": "2026-11-18", "clock": "15:30"})
    (address,) = set(re.findall(rf'href="({OF_STUDENT}/meetings/[^"]+)\.ics"', page.html))
    held = await person.send(address, {"status": "held", "outcome": "a lift on Mondays"})
    assert "It is a response on the record, too. Undo" in held.text
    again = await person.send(f"{address}/plan-again")
    assert "The meeting is planned again." in again.text
    assert "a lift on Mondays" not in again.text
    assert "Meeting with whānau" not in (await person.look(OF_STUDENT, tab="records")).text


async def test_good_news_is_a_link_away_from_the_students(screens: Screens, family: World) -> None:
    # Everybody's last mark is of Thursday's afternoon, the newest half day that has ended.
    await family.heart.post(absences(45, student="20001", code="P", first=11), "0999")
    person = await screens.person("dean")
    assert f'href="{SCHOOL}/good-news"' in (await person.look(f"{SCHOOL}/students")).html
    page = await person.look(f"{SCHOOL}/good-news")
    assert page.heading == "Good news"
    assert "Āwhina Example has been at school for" in page.text
    assert "after reaching 5 days" in page.text
    none = await person.look(f"{SCHOOL}/good-news", group="9Z")
    assert "0 students without an absence; 0 back on track after a step." in none.text
    early = await person.look(f"{SCHOOL}/good-news/certificates.pdf")
    assert early.status == 409
    assert "certificates come after it" in early.text
