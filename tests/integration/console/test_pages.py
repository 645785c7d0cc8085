"""The pages of staff: what they say, and do."""

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from html import unescape

import pytest

from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import StudentUpdated
from shared.identifiers import student_id
from tests.integration.apis.world import World
from tests.integration.console.conftest import Screens
from tests.integration.thresholds.conftest import NOW, absences

SCHOOL = "/console/0999"


@pytest.fixture
async def more(world: World) -> AsyncIterator[World]:
    """Two more students: one of year 9 at 5.5 days, one of year 10 at half a day below the first step."""
    for key, given, year, half_days in (("20001", "Āwhina", 9, 11), ("20002", "Zoe", 10, 9)):
        who = student_id("0999", key)
        person = StudentUpdated(
            school="0999",
            student=key,
            student_id=who,
            given_name=given,
            family_name="Example",
            year_level=year,
            groups=[f"{year}A"],
            caregivers=[],
            updated_at=NOW,
        )
        await world.heart.roster_handler([world.heart.event(STUDENT_UPDATED, str(who), person)])
        await world.heart.post(absences(half_days, student=key), "0999")
    yield world


async def test_today_says_who_is_due_and_who_is_nearly_there(screens: Screens, more: World) -> None:
    person = await screens.person("principal")
    page = await person.look(f"{SCHOOL}/today")
    assert page.heading == "Today"
    assert "Nobody reached a step since Thu 19 Nov." in page.text
    assert "1 record without a response" in page.text
    assert "Āwhina Example Year 9, 9A 5 days" in page.text
    assert "1 student within a day of the next step" in page.text
    assert "Zoe Example Year 10, 10A Green · 4.5 days" in page.text
    # A family whose letter came back is rung from here, and the way back leads here.
    (came_back,) = re.findall(r'<a href="([^"]+)">Letters about [^<]* came back: ring Mere Example[^<]*</a>', page.html)
    family = (await person.http.get(unescape(came_back))).text
    assert came_back == "/console/0999/calling?student=12345&amp;back=today"
    assert "Ring the family of Hemi Example" in family
    assert 'name="back" value="today"' in family


async def test_today_goes_back_through_the_days(screens: Screens, more: World) -> None:
    # Ten half days from 12 October on: the fifth day is Friday the 16th.
    page = await (await screens.person("principal")).look(f"{SCHOOL}/today", day="2026-10-16")
    assert page.heading == "Fri 16 Oct"
    assert "2 students reached a step since Thu 15 Oct." in page.text
    assert "mostly illness" in page.text
    assert "Nearly there" not in page.text
    # Corrected marks take a record back: the student moves to the list of those who came back below.
    await more.heart.post(absences(2, student="20001", code="P", recorded_at=NOW + timedelta(hours=1)), "0999")
    person = await screens.person("principal")
    page = await person.look(f"{SCHOOL}/today", day="2026-10-16")
    assert "1 student reached a step since Thu 15 Oct; 1 came back below." in page.text
    (student,) = re.findall(r'<li><a href="([^"]+)">Āwhina Example</a>, 4.5 days now: marks were corrected', page.html)
    opened = (await person.http.get(unescape(student))).text
    assert "Āwhina Example</h1>" in opened
    assert 'href="/console/0999/today?day=2026-10-16"' in opened


async def test_a_dean_sees_their_own_students(screens: Screens, more: World) -> None:
    dean = await screens.person("dean")
    students = await dean.look(f"{SCHOOL}/students")
    assert "Dean, year 10: 2 of 3 students" in students.text
    assert "Hemi Example" in students.text
    assert "Āwhina" not in students.text
    assert (await dean.look(f"{SCHOOL}/students/20001")).status == 404
    assert "No record waits for a response." in (await dean.look(f"{SCHOOL}/today")).text


async def test_students_are_found_without_macrons_and_counted_in_a_sentence(screens: Screens, more: World) -> None:
    person = await screens.person("office")
    page = await person.look(f"{SCHOOL}/students", q="awhina")
    assert "1 student found." in page.text
    assert "Āwhina Example" in page.text
    # The newest letter of a student, and none of one whose family has had none.
    everybody = await person.look(f"{SCHOOL}/students")
    assert "1 of 1 letter: sent Fri 20 Nov" in everybody.text
    assert everybody.text.count("letter: ") == 1
    nobody = await person.look(f"{SCHOOL}/students", q="nobody", tier="red")
    assert "No student is like this." in nobody.text
    assert "0 students found." in nobody.text


async def test_a_list_is_a_file_too_and_no_cell_runs(screens: Screens, more: World) -> None:
    answer = await (await screens.person("office")).http.get(f"{SCHOOL}/students?format=csv&sort=absent_days")
    lines = answer.text.splitlines()
    assert answer.headers["content-type"].startswith("text/csv")
    assert lines[0] == "student,name,year_level,groups,absent_days,tier,attendance_rate,records,records_answered"
    assert lines[-1].startswith("20001,Āwhina Example,9,9A,5.5,yellow,")
    assert len(lines) == 4


async def test_a_student_is_explained_day_by_day(screens: Screens, more: World) -> None:
    person = await screens.person("principal")
    page = await person.look(f"{SCHOOL}/students/20001")
    assert page.heading == "Āwhina Example"
    assert "Yellow · 5.5 days" in page.text
    assert "11 half days away: 11 illness." in page.text
    assert 'aria-label="Mon 12 Oct: away (M) all day"' in page.html
    assert "Morning M justified" in (await person.look(f"{SCHOOL}/students/20001", day="2026-10-19")).text
    day = await person.look(f"{SCHOOL}/students/20001", day="2026-10-19", code="P", session="AM")
    assert "Mon 19 Oct" in day.text
    assert "If Mon 19 Oct AM were present: 5 days, no step changes. Nothing was changed." in day.text


async def test_every_tab_of_a_student_has_its_words(screens: Screens, more: World) -> None:
    person = await screens.person("principal")
    words = {
        "records": "5 days · Fri 16 Oct · Open",
        "letters": "No letter was written about this student",
        "notes": "No letter was held this term.",
        "history": "5 days reached, by the marks",
        "looked": "principal by link",
    }
    for tab, said in words.items():
        page = await person.look(f"{SCHOOL}/students/20001", tab=tab)
        assert page.status == 200
        assert said in page.text, tab
    dean = await screens.person("dean")
    assert "Who looked" not in (await dean.look(f"{SCHOOL}/students/20002")).text


async def test_neighbours_are_those_of_the_list_that_one_came_from(screens: Screens, more: World) -> None:
    page = await (await screens.person("principal")).look(f"{SCHOOL}/students/20001", list="sort=absent_days")
    assert "3 of 3" in page.text
    assert 'rel="prev"' in page.html
    assert 'rel="next"' not in page.html


async def test_neighbours_of_records_letters_and_today_are_students_too(screens: Screens, more: World) -> None:
    person = await screens.person("principal")
    records = await person.look(f"{SCHOOL}/students/20001", tab="records", back="records?status=all&sort=name")
    assert "2 of 2" in records.text or "1 of 2" in records.text
    assert "tab=records&amp;back=records%3Fstatus%3Dall" in records.html.replace("&back", "&amp;back")
    # The other one's family has answered a letter.
    assert "1 of 2" in (await person.look(f"{SCHOOL}/students/20001", back="today")).text
    assert "1 of 1" in (await person.look(f"{SCHOOL}/students/12345", back="letters?group=sent")).text
    assert 'rel="next"' not in (await person.look(f"{SCHOOL}/students/20001")).html


async def test_a_response_is_recorded_and_taken_back(screens: Screens, more: World) -> None:
    person = await screens.person("office")
    form = await person.look(f"{SCHOOL}/respond", student="20001", back="students?tier=yellow")
    assert "Respond for Āwhina Example" in form.text
    (record,) = _values(form.html, "record")
    body = {"record": record, "activity": "conversation-with-whanau", "occurred_on": "2026-11-19", "staff": "Ms Example"}
    done = await person.send(f"{SCHOOL}/respond", {**body, "back": "students?tier=yellow"})
    assert done.url == f"{SCHOOL}/students?tier=yellow"
    assert "Recorded. Undo" in done.text
    assert "Conversation with whānau" in (await person.look(f"{SCHOOL}/students/20001", tab="records")).text
    (undo,) = [part for part in done.html.split('"') if "/respond/undo?" in part]
    back = await person.send(undo.replace("&amp;", "&"))
    assert "1 response taken back." in back.text
    assert "0 responses" in (await person.look(f"{SCHOOL}/students/20001", tab="records")).text


async def test_several_students_have_a_result_each(screens: Screens, more: World) -> None:
    person = await screens.person("office")
    form = await person.look(f"{SCHOOL}/respond", student=["20001", "12345", "20002"])
    assert "Respond for 2 students" in form.text
    body = {
        "record": [*_values(form.html, "record"), "6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0"],
        "activity": "written-communication",
        "occurred_on": date(2026, 11, 20).isoformat(),
        "staff": "Ms Example",
        "outcome": "attendance-improved",
    }
    page = await person.send(f"{SCHOOL}/respond", body)
    assert page.heading == "Recorded for 2 students"
    assert "2 of 3 students; 2 records closed." in page.text
    assert "A student Not recorded: " in page.text
    assert "2 records." in (await person.look(f"{SCHOOL}/records", status="closed")).text


async def test_a_form_with_something_missing_says_what(screens: Screens, more: World) -> None:
    page = await (await screens.person("office")).send(f"{SCHOOL}/respond", {"activity": "written-communication", "occurred_on": "then"})
    assert page.status == 422
    assert "Who did it is needed." in page.text
    assert "The day: " in page.text


async def test_letters_are_held_and_let_go(screens: Screens, more: World) -> None:
    person = await screens.person("office")
    held = await person.send(f"{SCHOOL}/students/20001/hold", {"reason": "The family is in hospital"})
    assert "Letters are held. Undo" in held.text
    assert "Letters are held: The family is in hospital" in held.text
    (undo,) = [part for part in held.html.split('"') if part.endswith("/lift?") and "20001" in part][:1]
    assert "The hold is lifted" in (await person.send(undo)).text
    assert "No such hold stands any more: letters that are still due go." in (await person.send(undo)).text


async def test_records_are_listed_by_status_with_words(screens: Screens, more: World) -> None:
    person = await screens.person("principal")
    page = await person.look(f"{SCHOOL}/records")
    assert "2 records." in page.text
    assert "Tue 17 Nov" not in page.text
    assert 'aria-sort="ascending"' in page.html
    assert "No record is like this." in (await person.look(f"{SCHOOL}/records", status="withdrawn")).text
    assert (await person.look(f"{SCHOOL}/records", status="nonsense")).status == 422


def _values(html: str, name: str) -> list[str]:
    return [part.split('value="')[1].split('"')[0] for part in html.split("<input") if f'name="{name}"' in part]


async def test_taking_back_puts_the_record_as_it_was(screens: Screens, more: World) -> None:
    person = await screens.person("principal")
    form = await person.look(f"{SCHOOL}/respond", student="20001")
    (record,) = _values(form.html, "record")
    body = {"record": record, "activity": "conversation-with-whanau", "occurred_on": "2026-11-19", "staff": "Ms Example"}
    tab = await person.look(f"{SCHOOL}/students/20001", tab="records")
    due = re.findall(r"Due \w+ \d+ \w+", tab.text)
    done = await person.send(f"{SCHOOL}/respond", {**body, "outcome": "attendance-improved", "due_on": "2026-12-11"})
    assert "Recorded; 1 record closed. Undo" in done.text
    closed = await person.look(f"{SCHOOL}/students/20001", tab="records")
    assert "Due Fri 11 Dec" in closed.text
    assert "Open it again" in closed.text
    (undo,) = [part for part in done.html.split('"') if "/respond/undo?" in part]
    assert "1 response taken back; 1 record as before." in (await person.send(undo.replace("&amp;", "&"))).text
    back = await person.look(f"{SCHOOL}/students/20001", tab="records")
    assert "0 responses" in back.text
    assert "Open it again" not in back.text
    assert re.findall(r"Due \w+ \d+ \w+", back.text) == due


async def test_a_response_is_taken_back_and_a_record_opened_again_later(screens: Screens, more: World) -> None:
    person = await screens.person("principal")
    (record,) = _values((await person.look(f"{SCHOOL}/respond", student="20001")).html, "record")
    body = {"record": record, "activity": "conversation-with-whanau", "occurred_on": "2026-11-19", "staff": "Ms Example"}
    await person.send(f"{SCHOOL}/respond", {**body, "outcome": "attendance-improved"})
    tab = await person.look(f"{SCHOOL}/students/20001", tab="records")
    (response,) = _values(tab.html, "response")
    back = "students/20001?tab=records"
    taken = await person.send(f"{SCHOOL}/respond/undo", {"response": response, "back": back})
    assert taken.url == f"{SCHOOL}/{back}"
    assert "1 response taken back." in taken.text
    opened = await person.send(f"{SCHOOL}/respond/reopen", {"record": record, "back": back})
    assert "The record is open again." in opened.text
    assert "Respond" in opened.text
    dean = await screens.person("dean")
    assert (await dean.send(f"{SCHOOL}/respond/reopen", {"record": record})).status in (403, 404)


async def test_the_numbers_of_the_navigation_are_no_look_at_a_student(screens: Screens, more: World) -> None:
    person = await screens.person("principal")
    await person.look(f"{SCHOOL}/settings")
    log = await person.look(f"{SCHOOL}/settings/audit")
    assert "List waiting letters" not in log.text
    await person.look(f"{SCHOOL}/letters")
    assert "List deliveries" in (await person.look(f"{SCHOOL}/settings/audit")).text
