"""The words of letters: an editor that tries them out, versions beside each other, a test letter; and who may do what."""

from tests.integration.apis.world import World
from tests.integration.console.conftest import Screens

TEMPLATES = "/console/0999/letters/templates"
WORDS = {"subject": "{{ child }} was away", "body": "Kia ora {{ greeting }},\n\n{{ child }} was away for {{ days }}."}


async def test_words_are_tried_out_saved_compared_and_restored(screens: Screens, world: World) -> None:
    principal = await screens.person("principal")
    listed = await principal.look(TEMPLATES)
    assert (listed.status, listed.heading) == (200, "Letters")
    assert "15 days English (en)" in listed.text
    page = await principal.look(f"{TEMPLATES}/10")
    assert "The house's words are in force." in page.text
    none = await principal.look(f"{TEMPLATES}/10/versions")
    assert (none.status, "Your school has no words of its own in English (en)" in none.text) == (200, True)
    assert "{% if phone %}{{ phone }}{% endif %}" in page.text
    shown = await principal.http.get(f"{TEMPLATES}/10/preview")
    assert "Aroha" in shown.text
    assert "sandbox" in shown.headers["content-security-policy"]

    tried = await principal.send(f"{TEMPLATES}/10/preview", WORDS)
    assert "Aroha was away for 10.5 days." in tried.text
    assert "@media not all" in tried.html
    assert "@media all" in (await principal.send(f"{TEMPLATES}/10/preview", {**WORDS, "shape": "dark"})).html
    assert "width: 375px" in (await principal.send(f"{TEMPLATES}/10/preview", {**WORDS, "shape": "phone"})).html
    assert "characters. Text messages" in (await principal.send(f"{TEMPLATES}/10/preview", {**WORDS, "shape": "text"})).text
    assert "house's words are in force" in (await principal.look(f"{TEMPLATES}/10")).text

    saved = await principal.send(f"{TEMPLATES}/10", WORDS)
    assert "Version 1 is in force for every letter that is written from now on." in saved.text
    await principal.send(f"{TEMPLATES}/10", {**WORDS, "subject": "{{ child }} was absent"})
    versions = await principal.look(f"{TEMPLATES}/10/versions")
    assert "<del>away</del><ins>absent</ins>" in versions.html
    back = await principal.send(f"{TEMPLATES}/10/restore", {"version": "1"})
    assert "The words of version 1 are in force again." in back.text
    assert "Your version 3 is in force" in back.text
    house = await principal.send(f"{TEMPLATES}/10/restore", {})
    assert "The house's words are in force again." in house.text


async def test_a_fault_is_shown_at_its_line_and_nothing_is_lost(screens: Screens, world: World) -> None:
    principal = await screens.person("principal")
    wrong = {**WORDS, "body": "Kia ora,\n\n{{ chidl }} was away.\n\nNgā mihi"}
    answer = await principal.send(f"{TEMPLATES}/5", wrong)
    assert answer.status == 422
    assert "The letter, line 3" in answer.text
    assert "<mark>3  {{ chidl }} was away.</mark>" in answer.html
    assert "{{ chidl }} was away.\n\nNgā mihi</textarea>" in answer.html.replace("\r", "")
    framed = await principal.send(f"{TEMPLATES}/5/preview", wrong)
    assert "<mark>3  {{ chidl }} was away.</mark>" in framed.html
    assert (await principal.look(f"{TEMPLATES}/7")).status == 422
    assert (await principal.look(f"{TEMPLATES}/5", language="not a language")).status == 404


async def test_a_real_family_is_one_of_those_to_try_words_on(screens: Screens, world: World) -> None:
    office = await screens.person("office")
    page = await office.look(f"{TEMPLATES}/5")
    assert '<option value="student:12345"' in page.html
    shown = await office.send(f"{TEMPLATES}/5/preview", {**WORDS, "family": "student:12345"})
    assert "Hemi was away for 5 days." in shown.text
    (line,) = [
        one
        for one in (await world.ask("notifier", "GET", "/v1/schools/0999/audit", "0999", params={"student": "12345"}))["items"]
        if one["action"] == "preview-letter" and "office" in one["subject"]
    ]
    assert line["students"] == ["12345"]


async def test_a_test_letter_goes_to_the_school_and_to_nobody_else(screens: Screens, world: World) -> None:
    office = await screens.person("office")
    refused = await office.send(f"{TEMPLATES}/5/test", {**WORDS, "to": "me@elsewhere.example"})
    assert refused.status == 422
    assert "a test goes to the school's contact address" in refused.text
    await world.desk.school(contact_email="office@of-0999.example.test")
    sent = await office.send(f"{TEMPLATES}/5/test", {**WORDS, "to": "dean@of-0999.example.test"})
    assert "The test letter is on its way to dean@of-0999.example.test." in sent.text
    assert "{{ child }} was away for {{ days }}.</textarea>" in sent.html


async def test_a_dean_reads_the_words_and_the_office_tries_them_but_only_the_principal_saves(screens: Screens, world: World) -> None:
    dean, office = await screens.person("dean"), await screens.person("office")
    read = await dean.look(f"{TEMPLATES}/5")
    assert (read.status, "<form" in read.html.split("<main", 1)[1]) == (200, False)
    assert (await dean.look(f"{TEMPLATES}/5/preview")).status == 403
    assert (await dean.send(f"{TEMPLATES}/5/test", WORDS)).status == 403
    assert "The principal saves words." in (await office.look(f"{TEMPLATES}/5")).text
    assert (await office.send(f"{TEMPLATES}/5", WORDS)).status == 403
    assert (await office.send(f"{TEMPLATES}/5/restore", {})).status == 403
