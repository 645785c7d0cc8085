"""The term's report over REST: the numbers of the analysis as a page and as a PDF, on a real database and fed by events."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from services.thresholds.app import create_app
from services.thresholds.settings import ThresholdsSettings
from shared.events.data import TermDates
from tests.integration.thresholds.conftest import FIRST_DAY, Heart, absences
from tests.integration.thresholds.office import FRIDAY_EVENING, HALF_DAYS, Office, mark_term, send_students
from tests.support.chromium import chromium
from tests.support.pdfs import pdf_text
from tests.support.servers import serving
from tests.unit.services.thresholds.pages.test_html import Outline

__all__ = ["chromium"]

TERMS = [TermDates("2026-T4", FIRST_DAY, date(2026, 12, 18)), TermDates("2027-T1", date(2027, 2, 1), date(2027, 4, 16))]
REPORT = "/v1/schools/0999/analysis/report"

HEADLINE = (
    "65.0% of students attend regularly (more than 90% of half days): 15.0 percentage points (6 students) below the target of 80% by 2030."
)


@pytest.fixture
async def board(heart: Heart, database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    settings = ThresholdsSettings(data=tmp_path, database_url=database_url)
    async with (
        serving(create_app(settings, clock=lambda: FRIDAY_EVENING)) as url,
        httpx.AsyncClient(base_url=url, timeout=120) as client,
    ):
        yield Office(client, tmp_path, REPORT)


def key(number: int) -> str:
    return f"k{number:03}"


async def send(heart: Heart, numbers: range, year_level: int, *groups: str) -> None:
    await send_students(heart, numbers, year_level, *groups, key=key)


async def full_school(heart: Heart) -> None:
    """Year 9 of twenty, six of them absent five days; year 10 of twenty, eight of them absent ten days."""
    await heart.school(terms=TERMS)
    await send(heart, range(20), 9, "9A")
    await send(heart, range(20, 40), 10, "10A")
    await mark_term(heart, {key(number): 10 if number < 6 else 20 if 20 <= number < 28 else 0 for number in range(40)})


async def page(board: Office, **query: Any) -> str:
    answer = await board.get(**query)
    assert answer.status_code == 200, answer.text
    return answer.text


def words(page: str) -> str:
    """A page's text and the names of its pictures, in one line."""
    text = re.sub(r"<style>.*?</style>", " ", page, flags=re.DOTALL)
    text = re.sub(r'<img src="[^"]*" alt="([^"]*)">', r" \1 ", text)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


async def test_the_page_of_a_school(heart: Heart, board: Office) -> None:
    await full_school(heart)
    answer = await board.get()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"] == 'inline; filename="attendance-report-0999-2026-T4.html"'
    assert (answer.headers["cache-control"], answer.headers["vary"]) == ("no-store", "Accept")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    found = Outline()
    found.feed(answer.text)
    assert found.open == []
    assert [tag for tag, _ in found.of("script", "svg", "iframe", "form")] == []
    assert len(found.of("h1")) == 1
    figures, pictures, tables = (len(found.of(tag)) for tag in ("figure", "img", "table"))
    assert figures == pictures == 7
    assert tables == figures + 3
    said = words(answer.text)
    for part in (
        HEADLINE,
        "Example School",
        "20 November 2026, 7:00 pm",
        "Green fewer than 5 days 26 65.0% Yellow 5 to 9.5 days 6 15.0% Orange 10 to 14.5 days 8 20.0% Red 15 days or more 0 0.0%",
        "the threshold of 5 days was reached 14 times, that of 10 days 8 times and that of 15 days never",
        "Illness or medical reason (M) justified 220 100.0%",
        "Year 9 20 5.2% 14 6 0 0 70% Year 10 20 13.8% 12 0 8 0 60%",
        "No response activity of this term is recorded",
    ):
        assert part in said, part
    # Neither a name nor a key of anybody.
    assert "Hemi" not in answer.text
    assert not re.search(r"\bk\d{3}\b", answer.text)


async def test_the_pdf_of_the_same(heart: Heart, board: Office, tmp_path: Path) -> None:
    await full_school(heart)
    asked = await board.get(format="pdf")
    assert asked.headers["content-type"] == "application/pdf"
    assert asked.headers["content-disposition"] == 'inline; filename="attendance-report-0999-2026-T4.pdf"'
    assert asked.content.startswith(b"%PDF-")
    said = pdf_text(asked.content, tmp_path)
    for part in (HEADLINE, "Attendance report: Term 4, 2026", "Year 10 20 13.8% 12 0 8 0 60%"):
        assert part in said, part
    assert "Hemi" not in said
    assert (await board.get(accept="application/pdf")).content == asked.content
    assert (await board.get(accept="text/html,application/pdf;q=0.9")).headers["content-type"].startswith("text/html")
    assert (await board.get(accept="application/pdf", format="html")).headers["content-type"].startswith("text/html")


async def test_nothing_of_a_small_group_leaks(heart: Heart, board: Office) -> None:
    await full_school(heart)
    # Three students of a year and a group of their own, with absences like nobody else's: 23 half days of code T, and one answered.
    await send(heart, range(50, 53), 11, "Quiet room")
    for number in range(50, 53):
        await heart.post(absences(23, student=key(number), code="T"))
        await heart.post(absences(HALF_DAYS - 23, student=key(number), code="P", first=23))
    said = words(await page(board))
    assert "Quiet room" not in said
    assert re.search(r"\d+ groups? (is|are) not shown", said)
    # 69 of 174 half days: the year level's own rate, and the code's own number.
    assert "39.7%" not in said
    assert "No information, truant" not in said
    assert " 69 " not in said
    assert not re.search(r"\bYear 11\b", said)
    few = words(await page(board, year_level=11))
    assert "This report shows no numbers" in few
    assert "fewer than 5, or not shown (year 11)" in few
    assert "<img" not in await page(board, group="Quiet room")


async def test_a_caller_with_a_part_gets_the_report_of_the_part(heart: Heart, board: Office) -> None:
    await full_school(heart)
    said = words(await page(board, token=board.token(groups=["10A"])))
    assert "20 (a part of the school)" in said
    assert "This report is about a part of the school" in said
    assert "Year 9" not in said
    assert "Thresholds reached are shown of a whole school only" in said


async def test_before_a_terms_first_mark(heart: Heart, board: Office) -> None:
    await heart.school(terms=TERMS)
    assert "There are no students to report on." in await page(board)
    await send(heart, range(30), 9)
    assert "No half day of this term is marked yet, so there is nothing to report." in await page(board, term="2027-T1")
    assert (await board.get(format="pdf", term="2027-T1")).content.startswith(b"%PDF-")


async def test_who_may_ask_and_for_what(heart: Heart, board: Office) -> None:
    await heart.school(terms=TERMS)
    assert (await board.get(token=board.token(schools="0998"))).status_code == 403
    assert (await board.get(token=board.token(scopes="star:write"))).status_code == 403
    assert (await board.get(term="2031-T1")).json()["type"].endswith("unknown-term")
    assert (await board.get(format="docx")).status_code == 422
    assert (await board.http.get(REPORT)).status_code == 401


async def test_the_audit_log_keeps_who_was_given_a_report(heart: Heart, board: Office) -> None:
    await full_school(heart)
    await board.get(format="pdf", year_level=10)
    await board.get(term="2031-T1")
    (line,) = await heart.rows("SELECT subject, action, school, students, filters FROM audit")
    assert (line.subject, line.action, line.school, line.students) == ("tests", "read-analysis", "0999", [])
    assert line.filters == {"term": "2026-T4", "year_level": 10, "report": "pdf"}


async def test_reports_asked_for_at_once_are_each_whole(heart: Heart, board: Office) -> None:
    await full_school(heart)
    alone = await page(board)
    assert await asyncio.gather(*(page(board) for _ in range(4))) == [alone] * 4


@pytest.mark.parametrize("width", [1280, 320])
async def test_accessible_and_nothing_runs_off_the_side(heart: Heart, board: Office, chromium: Browser, width: int) -> None:
    await full_school(heart)
    context = await chromium.new_context(
        viewport={"width": width, "height": 800}, extra_http_headers={"Authorization": f"Bearer {board.token()}"}
    )
    shown = await context.new_page()
    complaints: list[str] = []
    shown.on("console", lambda message: complaints.append(message.text))
    await shown.goto(str(board.http.base_url.join(REPORT)))
    found = await Axe().run(shown)
    assert found.violations_count == 0, found.generate_report()
    widths = await shown.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]
    # Neither the house's policy nor the browser has anything against the pictures.
    assert [one for one in complaints if "favicon" not in one] == []
    await context.close()
