"""The page and the PDF: nothing that runs, nothing only in a picture, the same bytes for the same data."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from services.thresholds.analysis.findings import Analysis, Cohort
from services.thresholds.reports.document import document
from services.thresholds.reports.plots import draw
from services.thresholds.reports.printing import report_html, report_pdf
from tests.support.pdfs import pdf_text
from tests.unit.services.thresholds.pages.test_html import Outline
from tests.unit.services.thresholds.reports.analyses import ABOUT, AT, NOBODY, NONE_SHOWN, TINY, UNMARKED, WHOLE

ALL = pytest.mark.parametrize("analysis", [WHOLE, TINY, NONE_SHOWN, NOBODY, UNMARKED])


def page(analysis: Analysis, **about: object) -> str:
    return report_html(document(analysis, replace(ABOUT, **about)))  # type: ignore[arg-type]


def outline(text: str) -> Outline:
    read = Outline()
    read.feed(text)
    assert read.open == []
    return read


@ALL
def test_nothing_runs_and_no_style_but_the_houses(analysis: Analysis) -> None:
    found = outline(page(analysis))
    assert not found.of("script", "iframe", "object", "form", "svg", "link", "image", "foreignobject")
    assert all(attributes["src"].startswith("data:image/svg+xml;base64,") for _, attributes in found.of("img"))
    for tag, attributes in found.tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], tag
        assert re.match(r"#|$", attributes.get("href") or attributes.get("xlink:href") or ""), tag
    assert len(found.of("style")) == 1


@ALL
def test_headings_go_down_step_by_step(analysis: Analysis) -> None:
    levels = [int(tag[1]) for tag, _ in outline(page(analysis)).of("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_picture_is_named_and_has_a_table_behind_it() -> None:
    found = outline(page(WHOLE))
    flow = [tag for tag, _ in found.of("figure", "img", "table")]
    assert "".join({"figure": "f", "img": "i", "table": "t"}[tag] for tag in flow).count("fit") == flow.count("img") == 8
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    figures = document(WHOLE, ABOUT).figures()
    assert [attributes["alt"] for _, attributes in found.of("img")] == [figure.alt for figure in figures]
    wanted = {value.removeprefix("#") for _, attributes in found.tags if (value := attributes.get("href") or "").startswith("#")}
    assert wanted <= {*ids, "content"}


def test_names_are_text_wherever_they_stand() -> None:
    nasty = '<script>alert(1)</script> {{ 7 * 7 }} #read("x") $1/0$ 😀'
    analysis = replace(WHOLE, groups=(Cohort(nasty, (), 30, 0.1, None, None),))
    found = outline(page(analysis, school=nasty))
    assert not found.of("script")
    assert report_pdf(document(analysis, replace(ABOUT, school=nasty)), AT).startswith(b"%PDF-")


def test_pictures_are_the_same_each_time_and_fetch_nothing() -> None:
    for figure in document(WHOLE, ABOUT).figures():
        drawn = draw(figure)
        assert drawn == draw(figure)
        names = re.findall(r'(?:href|src)="([^"]*)"', drawn.decode()) + re.findall(r"url\(([^)]*)\)", drawn.decode())
        assert all(name.startswith("#") for name in names)


@ALL
def test_the_pdf_says_the_same_tagged_and_the_same_each_time(analysis: Analysis, tmp_path: Path) -> None:
    shown = document(analysis, ABOUT)
    made = report_pdf(shown, AT)
    assert made == report_pdf(shown, AT)
    for mark in (b"%PDF-", b"pdfuaid:part>1<", b"/MarkInfo", b"/Lang(en-NZ)"):
        assert mark in made, mark
    said = pdf_text(made, tmp_path)
    assert shown.headline in said
    assert "Attendance report: Term 4, 2026" in said
    for section in shown.sections:
        assert section.heading in said


def test_the_pdf_has_the_numbers(tmp_path: Path) -> None:
    said = pdf_text(report_pdf(document(WHOLE, ABOUT), AT), tmp_path)
    for number in (
        "Green fewer than 5 days 1,047 87.2%",
        "All 157 13 0 4",
        "Year 10 611 8.1% 533 71 7 on orange or red 72%",
        "−9.3 to −2.9",
    ):
        assert number in said, number
    assert "Secret" not in said
