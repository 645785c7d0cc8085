"""Data quality: what is missing with what to do, files looked at and imported, and the connection to KAMAR."""

import re
from html import unescape
from typing import Any

import httpx
import pytest

from tests.integration.apis.world import World
from tests.integration.console.screens import Screens, Visitor
from tests.integration.console.test_pages import more

__all__ = ["more"]

DATA = "/console/0999/data-quality"
MARKS = "Student ID,Date,AM,PM\n12345,2026-11-18,M,P\n12345,2026-11-19,ZZ,P\n"


@pytest.fixture
async def principal(screens: Screens) -> Visitor:
    return await screens.person("principal")


async def post(person: Visitor, content: str, do: str = "look", *, htmx: bool = False, **fields: Any) -> tuple[httpx.Response, str]:
    """A file sent by the form, and the words of the answer."""
    headers = {"Sec-Fetch-Site": "same-origin"} | ({"HX-Request": "true"} if htmx else {})
    data = {"kind": "marks", "do": do, **fields}
    answer = await person.http.post(f"{DATA}/import", files={"file": ("marks.csv", content, "text/csv")}, data=data, headers=headers)
    return answer, re.sub(r"\s+", " ", unescape(re.sub(r"(?s)<[^>]+>", " ", answer.text)))


async def test_each_kind_says_what_to_do_and_names_students(screens: Screens, more: World, principal: Visitor) -> None:
    report = await principal.look(DATA)
    assert report.heading == "Data"
    assert re.search(r"\d+ things are missing or doubtful, of \d kinds\.", report.text)
    assert "Students without a caregiver 2 Add a caregiver in your own system" in report.text
    kind = await principal.look(DATA, issue="no-caregiver")
    assert kind.heading == "Students without a caregiver"
    assert "Āwhina Example – 1 student No caregiver was sent" in kind.text
    assert "/console/0999/students/20001?back=data-quality%3Fissue%3Dno-caregiver" in kind.html
    assert "There is none of this kind." in (await principal.look(DATA, issue="retired-code")).text
    file = await principal.http.get(f"{DATA}?issue=no-caregiver&format=csv")
    assert file.text.splitlines()[1].startswith("no-caregiver,20001,")


async def test_a_dean_has_their_own_students_only(screens: Screens, more: World) -> None:
    dean = await screens.person("dean")
    assert "Students without a caregiver 1 " in (await dean.look(DATA)).text
    kind = await dean.look(DATA, issue="no-caregiver")
    assert "Zoe Example" in kind.text
    assert "20001" not in kind.html
    file = await dean.http.get(f"{DATA}?format=csv")
    assert "20002" in file.text
    assert "20001" not in file.text
    for path in ("/import", "/kamar"):
        assert (await dean.look(DATA + path)).status == 403


async def test_a_file_is_looked_at_and_imported(world: World, principal: Visitor) -> None:
    assert "Up to 50 MB" in (await principal.look(f"{DATA}/import")).text
    answer, text = await post(principal, MARKS)
    assert answer.status_code == 200
    assert "What would become of it 1 row of 2 would be taken" in text
    assert "Not taken: 1 with a code that is none" in text
    assert "Import it" in text
    imported, text = await post(principal, MARKS, "import")
    assert "What became of it 1 row of 2 was taken" in text
    assert imported.status_code == 200


async def test_columns_are_chosen_where_their_names_say_too_little(principal: Visitor) -> None:
    odd = "Who,When,Morning\n12345,2026-11-18,M\n"
    answer, text = await post(principal, odd)
    assert answer.status_code == 422
    assert "Column of the file" in text
    assert "<details open>" in answer.text
    assert "rows of" not in text
    rows = {"column.0": "Who", "field.0": "student", "was.0": "", "column.1": "When", "field.1": "date", "was.1": ""}
    answer, text = await post(principal, odd, **rows)
    assert (answer.status_code, "1 row of 1 would be taken" in text) == (200, True)
    # For htmx the report alone, which the browser puts in its place beside the chosen file.
    fragment, text = await post(principal, odd, htmx=True)
    assert (fragment.status_code, "<html" in fragment.text, fragment.text.strip().startswith('<div id="report"')) == (200, False, True)


async def test_a_roster_that_takes_students_off_is_confirmed(principal: Visitor, world: World) -> None:
    first = "Student ID,First Name,Last Name\n" + "".join(f"{number},Hemi,Example\n" for number in range(1, 21))
    _, text = await post(principal, first, "import", kind="students")
    assert "20 rows of 20 were taken" in text
    less = "\n".join(first.splitlines()[:6]) + "\n"
    asked, text = await post(principal, less, "import", kind="students", full="true")
    assert asked.status_code == 422
    assert re.search(r"\d+ of \d+ students would be off the roll\.", text)
    assert "I have looked at this: import it" in text
    confirm = re.search(r'name="confirm" value="(\w+)"', asked.text)
    assert confirm is not None
    made, text = await post(principal, less, "import", kind="students", full="true", confirm=confirm[1])
    assert (made.status_code, "students are taken off the roll" in text) == (200, True)


async def test_without_a_file_or_a_kind_the_form_says_so(principal: Visitor) -> None:
    nothing = await principal.send(f"{DATA}/import", {"kind": "marks"})
    assert (nothing.status, "Choose a file first." in nothing.text) == (422, True)
    answer, text = await post(principal, MARKS, kind="letters")
    assert (answer.status_code, "Say whether the file has marks or students." in text) == (422, True)


async def test_the_kamar_connection_has_its_words(principal: Visitor, screens: Screens) -> None:
    page = await principal.look(f"{DATA}/kamar")
    assert "KAMAR has not pushed anything yet." in page.text
    assert "Everything that KAMAR pushed was taken." in page.text
    assert "never used" in page.text
    office = await (await screens.person("office")).look(f"{DATA}/kamar")
    assert "The principal sees and issues them." in office.text


async def test_the_number_beside_data_is_that_of_the_page(screens: Screens, world: World) -> None:
    person = await screens.person("principal")
    page = await person.look(DATA)
    (number,) = re.findall(r"([\d,]+) things? (?:is|are) missing or doubtful", page.text)
    students = await person.look("/console/0999/students")
    assert re.findall(r'(?s)data-quality"[^>]*>Data\s*<span class="number">([^<]*)</span>', students.html) == [number]
