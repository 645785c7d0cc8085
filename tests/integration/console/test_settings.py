"""The settings: a change shows what it would do before it is made, and those who may not change one read it."""

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from services.ingest.settings import IngestSettings
from services.ingest.worker import run_worker
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.worker import run_worker as run_heart
from tests.integration.apis.world import OWN, STUDENT, World
from tests.integration.console.screens import Answer, Screens, Visitor
from tests.integration.thresholds.conftest import NOW

SETTINGS = "/console/0999/settings"
TERM = {"terms.0.term": "2026-T4", "terms.0.start": "2026-10-12", "terms.0.end": "2026-12-18"}


@pytest.fixture
async def principal(screens: Screens) -> Visitor:
    return await screens.person("principal")


@pytest.fixture
async def judging(world: World) -> AsyncIterator[None]:
    """The workers that find out what a change would do."""
    stop = asyncio.Event()
    common = {"data": world.apis.data, "database_url": world.desk.settings.database_url}
    workers = [
        asyncio.create_task(run_worker(IngestSettings.model_validate(common), stop, clock=lambda: NOW)),
        asyncio.create_task(run_heart(ThresholdsSettings.model_validate(common), stop, clock=lambda: NOW)),
    ]
    yield
    stop.set()
    await asyncio.gather(*workers)


def hidden(page: Answer) -> dict[str, str]:
    """The hidden fields of the form that makes a shown change."""
    form = page.html.partition('/settings/make"')[2].partition("</form>")[0]
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}


async def test_a_closed_day_is_shown_before_it_is_made(principal: Visitor) -> None:
    calendar = await principal.look(SETTINGS)
    assert "Term 4, 2026" in calendar.text
    days = {"closed.0.first": "2026-12-03", "closed.0.last": "2026-12-07", "half.4.first": "2026-12-18", "region": "Otago"}
    shown = await principal.send(f"{SETTINGS}/calendar", {**TERM, **days})
    assert shown.heading == "What this would do"
    assert "Closed: Thu 3 Dec to Mon 7 Dec." in shown.text
    assert "Open for half a day: Fri 18 Dec." in shown.text
    assert "Region: none → Otago." in shown.text
    assert "Nothing that was counted changes." in shown.text
    assert 'value="2026-12-03"' not in (await principal.look(SETTINGS)).html
    made = await principal.send(f"{SETTINGS}/make", hidden(shown))
    assert (made.url, "The change is made." in made.text) == (SETTINGS, True)
    assert 'name="closed.0.last" value="2026-12-07"' in made.html
    assert "The change is made already." in (await principal.send(f"{SETTINGS}/make", hidden(shown))).text
    # What somebody else has changed meanwhile is not undone unseen.
    stale = await principal.send(f"{SETTINGS}/make", hidden(shown) | {"change": '{"closed_days": []}'})
    assert "Somebody has changed the same settings meanwhile." in stale.text
    assert "Not any more closed: Thu 3 Dec to Mon 7 Dec." in stale.text
    nothing = await principal.send(f"{SETTINGS}/calendar", {**TERM, **days})
    assert "Nothing is different: nothing was changed." in nothing.text


async def test_what_moves_much_is_confirmed_once_more(world: World, principal: Visitor, judging: None) -> None:
    mark = {"student": STUDENT, "date": "2026-10-12", "session": "AM", "code": "M", "recorded_at": NOW.isoformat()}
    await world.ask("ingest", "POST", f"/v1/schools/{OWN}/marks", OWN, json={"marks": [mark]})
    shown = await principal.send(f"{SETTINGS}/calendar", TERM | {"terms.0.start": "2026-10-14"})
    assert "Term 4, 2026: Mon 12 Oct to Fri 18 Dec → Wed 14 Oct to Fri 18 Dec." in shown.text
    assert "1 total changes. 1 step is taken back." in shown.text
    asked = await principal.send(f"{SETTINGS}/make", hidden(shown))
    assert asked.status == 409
    assert "This moves much, so nothing was changed yet. The running term 2026-T4 would start on another day." in asked.text
    assert "confirm=" not in asked.text
    made = await principal.send(f"{SETTINGS}/make", hidden(asked))
    assert "The change is made." in made.text


async def test_what_can_not_be_kept_is_said(principal: Visitor) -> None:
    overlap = {"terms.1.term": "2026-T3", "terms.1.start": "2026-12-01", "terms.1.end": "2026-12-20"}
    page = await principal.send(f"{SETTINGS}/calendar", TERM | overlap)
    assert page.status == 422
    assert "This can't be kept: the terms 2026-T4 and 2026-T3 overlap." in page.text
    wrong = await principal.send(f"{SETTINGS}/calendar", TERM | {"closed.3.first": "then"})
    assert "Closed days, row 1: The first day:" in wrong.text
    assert (await principal.send(f"{SETTINGS}/make", {"change": '{"school": "0189"}', "base": "x"})).status == 422


async def test_periods_and_details_go_the_same_way(principal: Visitor) -> None:
    slots = {"slots.0.slot": "1", "slots.0.name": "Whānau time", "slots.0.minutes": "20", "slots.0.session": "AM"}
    shown = await principal.send(f"{SETTINGS}/timetable", slots)
    assert "Periods: none → Whānau time (20 min)." in shown.text
    made = await principal.send(f"{SETTINGS}/make", hidden(shown))
    assert (made.url, 'value="Whānau time"' in made.html) == (f"{SETTINGS}/timetable", True)
    details = {
        "name": "Example Kura",
        "phone": "04 555 0100",
        "deans.0.group": "year:10",
        "deans.0.name": "Ms Example",
        "code_o": "justified",
    }
    shown = await principal.send(f"{SETTINGS}/school", details)
    assert "Phone: none → 04 555 0100." in shown.text
    assert "Deans: none → Ms Example (year 10)." in shown.text
    made = await principal.send(f"{SETTINGS}/make", hidden(shown))
    assert 'value="Ms Example"' in made.html
    codes = await principal.look(f"{SETTINGS}/codes")
    assert "Absent, justified, your school's choice" in codes.text


async def test_staff_go_the_same_way_and_records_are_assigned_to_them(principal: Visitor) -> None:
    staff = {
        "remind_at": "07:30",
        "next_role_after": "5",
        "people.0.account": "dean-10",
        "people.0.name": "Ms Ten",
        "people.0.email": "ten@school.example",
        "people.0.role": "respond",
        "people.0.groups": "year:10, 10A",
        "people.1.account": "lead",
        "people.1.name": "Mr Lead",
        "people.1.role": "manage",
    }
    shown = await principal.send(f"{SETTINGS}/staff", staff)
    for sentence in ("Ms Ten is new on the list of staff.", "Reminders go on school days at 07:30.", "next role 5 school days after"):
        assert sentence in shown.text
    made = await principal.send(f"{SETTINGS}/make", hidden(shown))
    assert ('value="year:10, 10A"' in made.html, 'value="07:30"' in made.html) == (True, True)
    away = staff | {"people.0.away_from": "2026-11-23", "people.0.stand_in": "lead"}
    shown = await principal.send(f"{SETTINGS}/staff", away)
    assert "What is about Ms Ten changes." in shown.text
    assert "Ms Ten" in (await principal.send(f"{SETTINGS}/make", hidden(shown))).text
    wrong = await principal.send(f"{SETTINGS}/staff", away | {"people.0.stand_in": "nobody"})
    assert "This can't be kept" in wrong.text
    # The school's other pages send the school without its staff, and the list stays.
    shown = await principal.send(f"{SETTINGS}/school", {"name": "Example Kura", "phone": "04 555 0199"})
    await principal.send(f"{SETTINGS}/make", hidden(shown))
    assert 'value="Ms Ten"' in (await principal.look(f"{SETTINGS}/staff")).html
    shown = await principal.send(f"{SETTINGS}/staff", staff | {"people.0.out": "true"})
    assert "Ms Ten is taken out" in shown.text


async def test_timetables_by_weekday_and_in_a_cycle_are_written_as_lines(principal: Visitor) -> None:
    wrong = await principal.send(f"{SETTINGS}/timetables/new", {"kind": "weekdays", "start": "2027-02-01", "every": "Period 1, 60\nLunch"})
    assert (wrong.status, "Every day, line 2: write a name and its minutes" in wrong.text) == (422, True)
    assert "Write at least one day" in (await principal.send(f"{SETTINGS}/timetables/new", {"kind": "cycle", "start": "2027-02-01"})).text
    weekly = {"kind": "weekdays", "start": "2027-02-01", "every": "Period 1, 60\r\nPeriod 2, 60 min", "wed": "Assembly, 45, AM"}
    shown = await principal.send(f"{SETTINGS}/timetables/new", weekly)
    assert "From Mon 1 Feb: every day: Period 1 (60 min), Period 2 (60 min); wed: Assembly (45 min)." in shown.text
    made = await principal.send(f"{SETTINGS}/make", hidden(shown))
    assert "From Mon 1 Feb: 2 periods a day, other ones on 1 weekday" in made.text
    cycle = {"kind": "cycle", "start": "2027-02-01", "day": ["Maths, 60", "English, 60"], "starts": "2027-04-26"}
    shown = await principal.send(f"{SETTINGS}/timetables/new", cycle)
    assert "From Mon 1 Feb: a cycle: day 1: Maths (60 min); day 2: English (60 min)." in shown.text
    made = await principal.send(f"{SETTINGS}/make", hidden(shown))
    assert "From Mon 1 Feb: a cycle of 2 days" in made.text
    out = await principal.send(f"{SETTINGS}/timetables/out", {"start": "2027-02-01"})
    assert "The timetable from Mon 1 Feb is taken out." in out.text


async def test_a_term_that_is_over_is_corrected_by_name(world: World, principal: Visitor, judging: None) -> None:
    past = {"terms.1.term": "2026-T3", "terms.1.start": "2026-07-20", "terms.1.end": "2026-09-25"}
    made = await principal.send(f"{SETTINGS}/make", hidden(await principal.send(f"{SETTINGS}/calendar", TERM | past)))
    assert f'href="{SETTINGS}/terms/2026-T3"' in made.html
    page = await principal.look(f"{SETTINGS}/terms/2026-T3")
    assert (page.heading, "Term 3, 2026" in page.text) == ("Correct a term that is over", True)
    assert (await principal.look(f"{SETTINGS}/terms/2026-T4")).status == 404
    form = {"start": "2026-07-20", "end": "2026-09-25", "closed.0.first": "2026-08-07"}
    shown = await principal.send(f"{SETTINGS}/terms/2026-T3", form)
    assert "Closed: Fri 7 Aug." in shown.text
    assert hidden(shown)["corrects"] == "2026-T3"
    kept = await principal.send(f"{SETTINGS}/make", hidden(shown))
    assert "The change is made." in kept.text
    assert 'name="closed.0.first" value="2026-08-07"' in (await principal.look(f"{SETTINGS}/terms/2026-T3")).html


async def test_runs_of_days_are_off_until_the_school_gives_a_number(principal: Visitor) -> None:
    page = await principal.send(f"{SETTINGS}/watch", {"absent_in_a_row": "3", "back_after": "5"})
    assert "The runs of days are kept." in page.text
    assert 'name="absent_in_a_row" type="number" min="1" max="100" value="3"' in page.html
    assert 'name="unexplained_in_a_row" type="number" min="1" max="100" value=""' in page.html
    assert (await principal.send(f"{SETTINGS}/watch", {"back_after": "0"})).status == 422


async def test_activities_and_due_days_are_the_schools(principal: Visitor) -> None:
    first = {"items.0.activity": "conversation-with-whanau", "items.0.label": "Rang home", "items.0.standard": "conversation-with-whanau"}
    new = {"items.1.label": "Hui with whānau", "items.1.standard": "meeting-with-whanau", "items.1.place": "1", "items.1.thresholds": "10"}
    kept = await principal.send(f"{SETTINGS}/activities", first | {"items.0.place": "2", "items.0.thresholds": ["5", "10"]} | new)
    assert "The list is kept." in kept.text
    assert kept.html.index("Hui with whānau") < kept.html.index("Rang home")
    assert 'value="hui-with-whanau"' in kept.html
    nowhere = await principal.send(f"{SETTINGS}/activities", first | {"items.0.place": "1"})
    assert (nowhere.status, "needs a step at which it is offered" in nowhere.text) == (422, True)
    days = await principal.send(f"{SETTINGS}/due-days", {"at_5": "7", "at_10": "4"})
    assert "The due days are kept." in days.text
    assert 'name="at_5" type="number" min="1" max="100" value="7"' in days.html
    assert 'name="at_15" type="number" min="1" max="100" value=""' in days.html


async def test_the_logs_of_all_services_are_one(world: World, principal: Visitor) -> None:
    await world.ask("moe-sync", "POST", f"/v1/schools/{OWN}/uploads/pause", OWN, json={"reason": "the numbers are checked"})
    log = await principal.look(f"{SETTINGS}/audit")
    for words in (
        "Change school: name, terms",
        "Issue credential",
        "Record response",
        "Run upload",
        "Change upload settings: paused",
    ):
        assert words in log.text, words
    own = await principal.look(f"{SETTINGS}/audit", student=STUDENT, subject="system-0999")
    assert "Record response" in own.text
    assert "Issue credential" not in own.text
    assert "No line is like this." in (await principal.look(f"{SETTINGS}/audit", to="2020-01-01")).text
    assert "No line is like this." in (await principal.look(f"{SETTINGS}/audit", before="2020-01-01T00:00:00Z")).text
    file = await principal.http.get(f"{SETTINGS}/audit/moe-sync.csv")
    assert file.text.startswith("at,subject,role,action")
    assert (await principal.look(f"{SETTINGS}/audit/console.csv")).status == 404
    accounts = await principal.look(f"{SETTINGS}/accounts")
    assert re.search(r"system-0999 Principal Fri 20 Nov 15:00 \d+", accounts.text)
    assert "principal by link Principal" in accounts.text


async def test_a_credential_is_shown_once_and_a_held_change_waits_for_the_principal(principal: Visitor, screens: Screens) -> None:
    new = await principal.send(f"{SETTINGS}/kamar/credentials")
    username = re.search(r'class="secret">([^<]+)<', new.html)
    assert username is not None
    assert "The password is shown this once" in new.text
    page = await principal.look(f"{SETTINGS}/kamar")
    assert username[1] in page.text
    (change,) = re.findall(r'settings/kamar/([0-9a-f-]{36})/discard"', page.html)
    office = await (await screens.person("office")).look(f"{SETTINGS}/kamar")
    assert "The principal decides." in office.text
    left = await principal.send(f"{SETTINGS}/kamar/{change}/discard", {"why": "A mistake in KAMAR"})
    assert "The change is left unmade. Correct it in KAMAR." in left.text
    assert "Nothing is held." in left.text
    assert "Left unmade: A mistake in KAMAR" in left.text
    again = await principal.send(f"{SETTINGS}/kamar/{change}/discard", {"why": "A mistake in KAMAR"})
    assert "Somebody has decided about this change already: who, and how, stands under Decided." in again.text
    assert "KAMAR has not pushed anything yet." in page.text
    assert "The credential has ended." in (await principal.send(f"{SETTINGS}/kamar/revoke", {"username": username[1]})).text
    again = await principal.send(f"{SETTINGS}/kamar/revoke", {"username": username[1]})
    assert "There is no such credential any more: KAMAR can't push with it." in again.text


async def test_a_student_is_erased_after_a_look(world: World, principal: Visitor) -> None:
    look = await principal.send(f"{SETTINGS}/erasure", {"student": STUDENT})
    assert "Hemi Example, Year 10, 10A, number 12345" in look.text
    assert "1 letter, with their words and addresses" in look.text
    assert "1 STAR record" in look.text
    form = {"student": STUDENT, "why": "The family asked for it"}
    other = await principal.send(f"{SETTINGS}/erase", form | {"again": "54321"})
    assert "The two numbers are not the same. Nothing was erased." in other.text
    done = await principal.send(f"{SETTINGS}/erase", form | {"again": STUDENT})
    assert "Student 12345 is erased here" in done.text
    outcome = await principal.send(f"{SETTINGS}/erasure/outcome", {"student": STUDENT})
    assert "Attendance and records Not there yet" in outcome.text
    assert (await principal.send(f"{SETTINGS}/erasure/outcome", {"student": "nobody"})).status == 404


async def test_the_office_reads_and_changes_nothing(screens: Screens) -> None:
    office = await screens.person("office")
    for tab in ("", "/timetable", "/school", "/activities", "/due-days", "/codes", "/kamar"):
        page = await office.look(SETTINGS + tab)
        assert page.status == 200, tab
        assert 'method="post" action="/console/0999/settings' not in page.html, tab
    for tab in ("/accounts", "/audit", "/audit/ingest.csv", "/erasure"):
        assert (await office.look(SETTINGS + tab)).status == 403, tab
    for path in (
        "calendar",
        "timetable",
        "school",
        "make",
        "timetables/new",
        "timetables/out",
        "terms/2026-T3",
        "activities",
        "due-days",
        "kamar/credentials",
        "kamar/revoke",
        "erasure",
        "erase",
    ):
        assert (await office.send(f"{SETTINGS}/{path}", {"student": STUDENT})).status == 403, path
