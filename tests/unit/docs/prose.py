"""The sentences that readers see: of the documentation's pages and of the code's docstrings."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]

FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
BEGINNING = re.compile(r"^[\s>#*_\[(\"“-]*(?:\d+\.\s+)?[*_\[(\"“]*")
END = re.compile(r"(?<=[.!?])[*_)\"”]*\s+(?=[*_\[(\"“]*[A-ZĀĒĪŌŪ])")
HEADLESS = re.compile(r"(?:Who|Whom|Whose|Whoever|What|Of)\b")


def pages() -> list[Path]:
    """Every page of the documentation, the ones at the repository's top included."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / ".github").rglob("*.md"))]


def prose(page: str) -> str:
    """A page without its blocks of code and its comments."""
    return COMMENT.sub("", FENCED.sub("", page))


def paragraphs(page: str) -> Iterator[str]:
    """Each paragraph, heading, list item and table cell, on one line."""
    lines: list[str] = []
    for line in [*prose(page).splitlines(), ""]:
        stripped = line.strip()
        begins_anew = not stripped or stripped.startswith(("#", "|", "- ", "* ")) or re.match(r"\d+\. ", stripped)
        if begins_anew and lines:
            yield " ".join(lines)
            lines = []
        if stripped.startswith("|"):
            yield from (cell.strip() for cell in re.split(r"(?<!\\)\|", stripped) if cell.strip())
        elif stripped:
            lines.append(stripped)


def sentences(text: str) -> Iterator[str]:
    """The sentences of one paragraph, without the marks that stand before them."""
    for sentence in END.split(text):
        yield BEGINNING.sub("", sentence, count=1)


def headless(text: str) -> list[str]:
    """The sentences of a page or a docstring that begin with Who, What or Of and ask nothing."""
    return [
        sentence
        for paragraph in paragraphs(text)
        for sentence in sentences(paragraph)
        if HEADLESS.match(sentence) and not sentence.rstrip('*_)"”').endswith("?")
    ]


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """The docstrings of a module, its classes and functions, and the strings that stand below its constants, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value
