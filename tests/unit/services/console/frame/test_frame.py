"""The frame's own rules: words, addresses, forms, forged requests, templates without anything inline."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import Field

from services.console.frame import words
from services.console.frame.addresses import Address, Sorted
from services.console.frame.forms import BadFormError, Form, read_pairs
from services.console.frame.guard import is_forged
from services.console.frame.rendering import STATIC, Templates
from services.console.frame.squares import square

CONSOLE = Path(words.__file__).parents[1]
TEMPLATES = sorted(CONSOLE.rglob("*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(CONSOLE)))
def test_a_template_compiles_and_has_nothing_inline(template: Path) -> None:
    source = template.read_text(encoding="utf-8")
    Templates()._environment.compile(source)
    assert re.findall(r"<style|<script(?! src=)|\sstyle=|\son[a-z]+=|javascript:", source) == []
    assert "|safe" not in source


def test_the_style_fetches_nothing() -> None:
    for sheet in STATIC.glob("*.css"):
        assert "url(" not in sheet.read_text()


def test_words_of_numbers_and_days() -> None:
    assert words.day("2026-11-17") == "Tue 17 Nov"
    assert words.day(None) == "–"
    assert words.moment(datetime(2026, 11, 16, 18, 30, tzinfo=UTC), ZoneInfo("Pacific/Auckland")) == "Tue 17 Nov 7:30"
    assert [words.days(value) for value in (0.0, 1.0, 11.5)] == ["0 days", "1 day", "11.5 days"]
    assert words.count(1, "student") == "1 student"
    assert words.count(3000, "student") == "3,000 students"
    assert words.rate(0.9999) == "99 %"
    assert words.form_class({"year_level": 0, "groups": ["A"]}) == "Year 0, A"


def test_a_square_says_both_halves() -> None:
    away, there = {"state": "absent", "code": "M"}, {"state": "present", "code": None}
    assert square({"date": "2026-11-17", "am": away, "pm": there}).words == "Tue 17 Nov: morning away (M), afternoon there"
    assert square({"date": "2026-11-17", "am": away, "pm": away}).words == "Tue 17 Nov: away (M) all day"


def test_an_address_keeps_its_filters_and_begins_anew() -> None:
    address = Address("/console/0999/students", {"q": "ā b", "tier": None, "rising": True, "cursor": "x"})
    assert str(address) == "/console/0999/students?q=%C4%81+b&rising=true&cursor=x"
    assert address.having(tier="red") == "/console/0999/students?q=%C4%81+b&tier=red&rising=true"
    assert Address("/x", {}).having() == "/x"
    assert Sorted.read("-absent_days").toggled("absent_days") == "absent_days"
    assert Sorted.read("name").toggled("absent_days", first_down=True) == "-absent_days"


def test_a_form_is_read_or_says_what_is_wrong() -> None:
    class Trial(Form):
        on: date
        names: list[str] = Field(default=[])
        note: str | None = None

    read = read_pairs(Trial, [("on", "2026-11-17"), ("names", "a"), ("names", " b "), ("note", "  "), ("other", "x")])
    assert (read.on, read.names, read.note) == (date(2026, 11, 17), ["a", "b"], None)
    with pytest.raises(BadFormError) as raised:
        read_pairs(Trial, [])
    assert raised.value.sentences == ["On is needed."]


@pytest.mark.parametrize(
    ("method", "headers", "forged"),
    [
        ("GET", {"sec-fetch-site": "cross-site"}, False),
        ("POST", {"sec-fetch-site": "same-origin"}, False),
        ("POST", {"sec-fetch-site": "none"}, False),
        ("POST", {"sec-fetch-site": "same-site"}, True),
        ("POST", {"sec-fetch-site": "cross-site", "origin": "https://star.nz"}, True),
        ("POST", {"origin": "https://star.nz"}, False),
        ("POST", {"origin": "http://evil.nz"}, True),
        ("POST", {"origin": "null"}, True),
        ("POST", {}, False),
    ],
)
def test_a_form_of_another_site_is_forged(method: str, headers: dict[str, str], forged: bool) -> None:
    assert is_forged(method, headers, "star.nz") is forged
