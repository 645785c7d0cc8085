"""Staff see letters, and decide about them."""

import re
from datetime import UTC, datetime

from services.console.identity.links import sign_link
from shared.events.data import Caregiver
from tests.integration.apis.world import WAITS, World
from tests.integration.console.conftest import Screens
from tests.integration.notifier.conftest import HOLD
from tests.integration.thresholds.conftest import absences
from tests.support.crossings import days, stands, up

LETTERS = "/console/0999/letters"


async def test_what_waits_was_sent_and_came_back_are_tabs(screens: Screens, world: World) -> None:
    office = await screens.person("office")
    page = await office.look(LETTERS)
    assert (page.status, page.heading) == (200, "Letters")
    assert "Waiting 1 Sent 1 Came back 0 Not sent 0" in page.text
    assert "1 letter, newest first." in page.text
    sent = await office.look(LETTERS, group="sent")
    assert "Hemi Example Year 10, 10A 5 days Sent Fri 20 Nov" in sent.text
    assert "No letter is like this." in (await office.look(LETTERS, group="ended", threshold="15")).text
    assert (await office.look(LETTERS, group="came-back")).text.count("No letter came back.") == 1
    file = await office.http.get(LETTERS, params={"group": "sent", "format": "csv"})
    assert file.text.splitlines()[0].lstrip("\ufeff") == "student,name,year_level,groups,term,step,status,to,due_at,sent_at,reason"
    assert "12345,Hemi Example,10,10A,2026-T4,5,sent,mere@of-0999.example.test" in file.text


async def test_a_dean_sees_their_own_and_decides_nothing(screens: Screens, world: World) -> None:
    dean = await screens.person("dean")
    page = await dean.look(LETTERS, group="sent")
    assert "Hemi Example" in page.text
    assert 'name="act"' not in (await dean.look(LETTERS)).html
    delivery = world.ids["0999"]["delivery"]
    letter = await dean.look(f"{LETTERS}/{delivery}/sent")
    assert (letter.status, letter.heading, "Send it again" in letter.text) == (200, "A letter as it went", False)
    assert "Hemi" in (await dean.http.get(f"{LETTERS}/{delivery}/sent/page")).text
    assert (await dean.send(f"{LETTERS}/{delivery}/sent", {"act": "resend", "why": "it was lost"})).status == 200
    assert len((await world.ask("notifier", "GET", "/v1/schools/0999/deliveries", "0999", params={"student": "12345"}))["items"]) == 1


async def test_a_dean_reads_no_letter_about_a_student_of_others(screens: Screens, world: World) -> None:
    visitor = await screens.visitor()
    await visitor.http.get(f"/console/link/{sign_link(world.apis.data, 'dean', ['0999'], ['year:9'], datetime.now(UTC))}")
    delivery = world.ids["0999"]["delivery"]
    assert (await visitor.look(f"{LETTERS}/{delivery}/sent")).status == 404
    assert (await visitor.look(f"{LETTERS}/{delivery}/sent/page")).status == 404


async def test_a_students_letters_open_from_their_page(screens: Screens, world: World) -> None:
    delivery = world.ids["0999"]["delivery"]
    for name in ("office", "dean"):
        page = await (await screens.person(name)).look("/console/0999/students/12345", tab="letters")
        assert "5 days Sent Fri 20 Nov" in page.text
        assert f'href="{LETTERS}/{delivery}/sent"' in page.html
        # The letter is said to have come back since.
        assert "Mere Example – no: letters to their address came back; ring them" in page.text


async def test_a_letter_that_went_is_looked_at_in_its_own_words(screens: Screens, world: World) -> None:
    office = await screens.person("office")
    delivery = world.ids["0999"]["delivery"]
    page = await office.look(f"{LETTERS}/{delivery}/sent")
    assert page.heading == "A letter as it went"
    assert "mere@of-0999.example.test (e-mail)" in page.text
    frame = await office.http.get(f"{LETTERS}/{delivery}/sent/page")
    assert "sandbox" in frame.headers["content-security-policy"]
    assert "Hemi" in frame.text
    elsewhere = world.ids["0189"]["delivery"]
    assert (await office.look(f"{LETTERS}/{elsewhere}/sent")).status == 404


async def test_a_letter_is_held_let_go_and_ended(screens: Screens, world: World) -> None:
    office = await screens.person("office")
    letter = world.ids["0999"]["letter"]
    await world.heart.post(absences(10, student=WAITS), "0999")
    held = await office.send(LETTERS, {"act": "hold", "letter": [letter], "why": "the family was rung"})
    assert "1 letter held." in held.text
    without = await office.send(LETTERS, {"act": "discard", "letter": [letter]})
    assert (without.status, "say why, in a few words" in without.text) == (422, True)
    assert "choose at least one" in (await office.send(LETTERS, {"act": "release"})).text
    let_go = await office.send(LETTERS, {"act": "release", "letter": [letter]})
    assert "1 letter will go when the school's window opens." in let_go.text
    wrong = await office.send(f"{LETTERS}/all", {"act": "release", "number": "7"})
    assert (wrong.status, "1 letter waits now, not 7. Nothing was changed." in wrong.text) == (422, True)
    ended = await office.send(LETTERS, {"act": "discard", "letter": [letter], "why": "rung instead"})
    assert "1 letter ended." in ended.text
    again = await office.send(LETTERS, {"act": "discard", "letter": [letter], "why": "rung instead"})
    assert "0 letters ended. 1 was left: what does not wait any more is under Sent or Not sent." in again.text
    assert "somebody ended it" in (await office.look(LETTERS, group="ended")).text


async def test_a_letter_that_is_stopped_twice_is_stopped_and_goes_after_all_if_asked(screens: Screens, world: World) -> None:
    desk, student = world.desk, "20003"
    await desk.roster([desk.joined(Caregiver(name="Ana Example", email="ana@example.test"), student=student, given_name="Ruru")])
    await desk.stands(stands(days(8), 1, student=student))
    await desk.say(up(5, 16, to="yellow", standing=1, student=student))
    desk.catcher.refuse(451, times=None)
    desk.passes(HOLD)
    await desk.work()
    (letter,) = (await world.ask("notifier", "GET", "/v1/schools/0999/deliveries", "0999", params={"student": student}))["items"]
    office, page = await screens.person("office"), f"{LETTERS}/{letter['id']}/sent"
    assert "Stop it" in (await office.look(page)).text
    stopped = await office.send(page, {"act": "cancel", "why": "rung instead"})
    assert "The letter will not go. “Send it again” lets it go after all." in stopped.text
    # The same press once more, or a colleague's: what is so, since when, by whom and why, and the way back.
    principal = await screens.person("principal")
    again = await principal.send(page, {"act": "cancel", "why": "it is wrong"})
    assert re.search(r"The letter is stopped already since \w+ \d+ \w+ \d+:\d\d: who did it, and why, stands below\.", again.text)
    assert re.search(r"Stopped by office by link, \w+ \d+ \w+ \d+:\d\d: rung instead", again.text)
    assert "Nothing was changed" not in again.text
    desk.catcher.clear_faults()
    assert "The letter is on its way again." in (await office.send(page, {"act": "resend", "why": "they want it in writing"})).text
    before = len(desk.mail())
    await desk.work()
    assert len(desk.mail()) == before + 1


async def test_what_waits_is_told_apart_by_its_reason(screens: Screens, world: World) -> None:
    office = await screens.person("office")
    page = await office.look(LETTERS, status="held")
    assert "1 letter, newest first." in page.text
    assert "No letter is like this." in (await office.look(LETTERS, status="no-contact")).text
    assert "Hemi Example" in (await office.look(LETTERS, group="sent", status="held")).text
    wrong = await office.send(f"{LETTERS}/all", {"act": "release", "number": "1", "status": "awaiting-release"})
    assert (wrong.status, "No such letter waits any more" in wrong.text) == (422, True)
    held = await office.send(f"{LETTERS}/all", {"act": "release", "number": "1", "status": "held"})
    assert "1 letter will go when the school's window opens." in held.text


async def test_somebody_who_only_looks_decides_nothing(screens: Screens, world: World) -> None:
    dean = await screens.person("partner")
    assert (await dean.look(LETTERS)).status == 403
    assert (await dean.send(LETTERS, {"act": "release", "letter": [world.ids["0999"]["letter"]]})).status == 403


async def test_all_that_wait_are_ended_with_a_reason_once_their_number_is_typed(screens: Screens, world: World) -> None:
    office = await screens.person("office")
    await world.heart.post(absences(10, student="12346"), "0999")
    wrong = await office.send(f"{LETTERS}/all", {"act": "discard", "number": "1"})
    assert (wrong.status, "say why, in a few words" in wrong.text) == (422, True)
    ended = await office.send(f"{LETTERS}/all", {"act": "discard", "number": "1", "threshold": "5", "why": "all were rung"})
    assert "1 letter ended." in ended.text
    again = await office.send(f"{LETTERS}/all", {"act": "discard", "number": "1", "threshold": "5", "why": "all were rung"})
    assert "No such letter waits any more: Sent and Not sent say what became of those that did." in again.text


async def test_a_dean_looks_at_a_letter_of_their_own_before_it_goes(screens: Screens, world: World) -> None:
    letter = world.ids["0999"]["letter"]
    ana = Caregiver(name="Ana Example", email="ana@of-0999.example.test")
    await world.desk.roster([world.desk.joined(ana, student=WAITS, given_name="Zoe", year_level=10, groups=["10A"])])
    dean = await screens.person("dean")
    assert f'href="{LETTERS}/{letter}/waiting"' in (await dean.look(LETTERS)).html
    page = await dean.look(f"{LETTERS}/{letter}/waiting")
    assert (page.status, page.heading) == (200, "A letter before it goes")
    assert "ana@of-0999.example.test (e-mail)" in page.text
    assert 'name="act"' not in page.html
    assert "Zoe" in (await dean.http.get(f"{LETTERS}/{letter}/waiting/page")).text
    other = await screens.visitor()
    await other.http.get(f"/console/link/{sign_link(world.apis.data, 'dean', ['0999'], ['year:9'], datetime.now(UTC))}")
    assert (await other.look(f"{LETTERS}/{letter}/waiting")).status == 404
    assert (await other.look(f"{LETTERS}/{letter}/waiting/page")).status == 404
