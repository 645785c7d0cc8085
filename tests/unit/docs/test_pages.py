"""The documentation's pages: sentences with a subject, and links that lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.unit.docs.prose import ROOT, headless, pages, prose

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PAGES = [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages()]


def anchors(page: Path) -> set[str]:
    """The names by which a page's headings can be linked to, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text(encoding="utf-8")), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> Iterator[tuple[str, Path, str]]:
    """A page's relative links: as written, the file they lead to, and the heading in it."""
    for link in LINK.findall(prose(page.read_text(encoding="utf-8"))):
        if not re.match(r"[a-z]+:", link):
            path, _, anchor = unquote(link).partition("#")
            yield link, (page.parent / path).resolve() if path else page, anchor


@pytest.mark.parametrize("page", PAGES)
def test_every_sentence_of_a_page_has_its_subject_first(page: Path) -> None:
    assert headless(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_of_a_page_leads_to_a_file_and_its_heading(page: Path) -> None:
    dead = [
        link
        for link, target, anchor in links(page)
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target))
    ]
    assert dead == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "how-to").rglob("*.md")), ids=lambda page: page.name)
def test_a_how_to_says_first_what_its_reader_has_at_the_end(page: Path) -> None:
    title, _, rest = page.read_text(encoding="utf-8").partition("\n")
    assert title.startswith("# ")
    assert rest.strip().startswith("At the end ")


def test_the_readme_leads_to_every_how_to_and_reference_page() -> None:
    linked = {target for _, target, _ in links(ROOT / "README.md")}
    missing = [
        page
        for folder in ("tutorial", "how-to", "reference", "explanation")
        for page in (ROOT / "docs" / folder).rglob("*.md")
        if page not in linked
    ]
    assert missing == []


def test_every_picture_is_shown_somewhere_and_is_small() -> None:
    pictures = set((ROOT / "docs" / "pictures").glob("*"))
    assert pictures == {target for page in pages() for _, target, _ in links(page) if target.suffix == ".png"}
    assert max(picture.stat().st_size for picture in pictures) < 100_000


def test_the_list_of_decisions_has_every_decision_by_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"^\d+\. \[(.+)\]\((.+)\)$", (folder / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    titles = [(path.read_text(encoding="utf-8").splitlines()[0], path.name) for path in sorted(folder.glob("0*.md"))]
    assert [(f"# {number}. {title}", name) for number, (title, name) in enumerate(listed, start=1)] == titles


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Who is back where they were moved not.", ["Who is back where they were moved not."]),
        ("Who may see a child?", []),
        ("It is kept. What is older goes.\nAnd more.", ["What is older goes."]),
        ("- **Of a day** with several, the first.", ["Of a day** with several, the first."]),
        ("| name | What it is |\n|---|---|\n", ["What it is"]),
        ("```\nWho goes there\n```\n", []),
        ("The office of a school. Often it is small.", []),
        ("## What decides\n\nThe latest.", ["What decides"]),
    ],
)
def test_the_check_knows_a_sentence_without_a_subject(text: str, expected: list[str]) -> None:
    assert headless(text) == expected
