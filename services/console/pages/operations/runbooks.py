"""The runbooks of the tree as pages. An installation without the tree's documents has none, and the page names the file then."""

import re
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markupsafe import Markup

FOLDER: Final = Path(__file__).parents[4] / "docs" / "runbooks"

_LINK: Final = re.compile(r"\[([^\]]+)\]\((?!https://)([^)#]*)[^)]*\)")
_RUNBOOK: Final = re.compile(r"^[a-z][a-z-]*\.md$")

_markdown: Final = MarkdownIt("commonmark", {"html": False}).enable("table")


def runbook(name: str, folder: Path = FOLDER) -> tuple[str, Markup] | None:
    """A runbook's title and its text as HTML; None where there is no such file. Links lead to other runbooks, or are words."""
    if not _RUNBOOK.fullmatch(f"{name}.md") or not (file := folder / f"{name}.md").is_file():
        return None
    title, _, text = file.read_text(encoding="utf-8").removeprefix("# ").partition("\n")
    linked = _LINK.sub(lambda link: f"[{link[1]}]({link[2].removesuffix('.md')})" if _RUNBOOK.fullmatch(link[2]) else link[1], text)
    return title.strip(), Markup(_markdown.render(linked))  # noqa: S704 - HTML in the text is shown as text
