"""The letters in words."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest
from jinja2 import TemplateError

from services.notifier.rendering import Letters, Occasion
from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.events.data import TermDates

OCCASION = Occasion(
    child="Tāne",
    names=["Mere Ngata", "Wiremu Parata"],
    absent_half_days=11,
    # In Auckland it is the next day already.
    counted_at=datetime(2026, 11, 19, 20, 30, tzinfo=UTC),
    term="2026-T4",
    dates=TermDates("2026-T4", date(2026, 10, 12), date(2026, 12, 18)),
    school="Ōtaki Example College",
    contact_email="office@otaki.example.nz",
    timezone="Pacific/Auckland",
)

EACH_SAYS = [
    "Kia ora Mere Ngata and Wiremu Parata,",
    "Tāne has now been away from Ōtaki Example College for 5.5 days in Term 4 (12 October to 18 December 2026).",
    "not an accusation",
    "illness count too",
    "office@otaki.example.nz",
    "20 November 2026",
]


class Page(HTMLParser):
    """The elements and the readable text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_each_letter_says_what_a_family_needs(threshold: Threshold) -> None:
    written = Letters().write(threshold, OCCASION)
    text, html = " ".join(written.text.split()), Page(written.html).text

    for words in EACH_SAYS:
        assert words in text
        assert words in html
    assert written.subject.startswith("Tāne has been away for 5.5 days this term")


@pytest.mark.parametrize(
    ("threshold", "next_step"),
    [
        (5, "Somebody from the school will get in touch with you"),
        (10, "write a support plan together"),
        (15, "We will also ask the Attendance Service to join in."),
    ],
)
def test_what_the_school_does_next(threshold: Threshold, next_step: str) -> None:
    written = Letters().write(threshold, OCCASION)

    assert next_step in " ".join(written.text.split())
    assert next_step in Page(written.html).text


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_the_html_is_accessible_and_has_no_pictures(threshold: Threshold) -> None:
    page = Page(Letters().write(threshold, OCCASION).html)
    tags = [tag for tag, _ in page.elements]

    assert ("html", {"lang": "en-NZ"}) in page.elements
    assert tags.count("h1") == 1
    assert tags.count("h2") == 3
    assert "title" in tags
    assert not {"img", "script", "link", "style"} & set(tags)
    assert all(attributes.get("role") == "presentation" for tag, attributes in page.elements if tag == "table")


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_the_plain_text_fits_a_screen(threshold: Threshold) -> None:
    text = Letters().write(threshold, OCCASION).text

    assert max(len(line) for line in text.splitlines()) <= 72
    assert not re.search(r"<[a-z]|\{\{|&[a-z]+;", text)


def test_what_a_name_holds_is_text_and_nothing_else() -> None:
    written = Letters().write(5, replace(OCCASION, child="<b>Tāne</b>\r\n{{ 7 * 7 }}", school="Smith & Sons' <School>"))

    assert written.subject == "<b>Tāne</b> {{ 7 * 7 }} has been away for 5.5 days this term"
    assert "&lt;b&gt;Tāne&lt;/b&gt; {{ 7 * 7 }}" in written.html
    assert "Smith &amp; Sons&#39; &lt;School&gt;" in written.html
    assert "<b>" not in written.html
    assert "Smith & Sons' <School>" in written.text


def test_without_a_contact_address_nobody_is_asked_to_reply() -> None:
    written = Letters().write(5, replace(OCCASION, contact_email=None))

    assert "Reply" not in written.text + written.html
    assert "ring the school office" in written.text
    assert "mailto:" not in written.html


def test_without_the_terms_dates_the_term_has_its_name_only() -> None:
    assert "for 5.5 days in Term 4." in " ".join(Letters().write(5, replace(OCCASION, dates=None)).text.split())


def test_an_unknown_time_zone_is_taken_for_aucklands() -> None:
    assert "20 November 2026" in Letters().write(5, replace(OCCASION, timezone="Pacific/Nowhere")).text


def test_a_template_that_asks_for_what_there_is_not_is_an_error() -> None:
    letters = Letters()
    template = letters._environment.from_string("{{ nsn }}")

    with pytest.raises(TemplateError):
        template.render({})
