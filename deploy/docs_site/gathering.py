"""The pages of the site, gathered into one folder of sources: those of `docs/`, some of the project's own, and the generated ones."""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"

OF_THE_PROJECT: Final = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE")
"""Pages beside `docs/` that the site has, where they are there."""

_LINK: Final = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
_FENCE: Final = re.compile(r"^(```.*?^```)", re.DOTALL | re.MULTILINE)
_HEADING: Final = re.compile(r"^# +(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the site. `first` are the pages that lead it; the others follow by their titles."""

    folder: str
    title: str
    words: str
    first: Sequence[str] = ()


SECTIONS: Final = (
    Section("tutorial", "Tutorial", "Learn by doing, with pictures."),
    Section("how-to", "How to", "One task a page, from the first command to its end.", ("the-console", "post-marks", "connect-kamar")),
    Section("reference", "Reference", "Every operation, event, setting, metric, code and problem.", ("api/index", "settings", "metrics")),
    Section("explanation", "Explanation", "The house and its rooms, and why they are so.", ("architecture",)),
    Section("runbooks", "Runbooks", "What each alarm means and what mends it."),
    Section("decisions", "Decisions", "What was chosen, what was not, and the figures."),
    Section("project", "The project", "Changes, security, taking part."),
)


def gather(target: Path, generated: Mapping[str, str]) -> None:
    """Puts all sources into an empty folder. `generated` are pages by their path in it, without the ending."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(DOCS, target)
    for name in OF_THE_PROJECT:
        if (ROOT / name).exists():
            (target / "project").mkdir(exist_ok=True)
            shutil.copy(ROOT / name, target / "project" / name)
    if (target / "project" / "LICENSE").exists():
        (target / "project" / "LICENSE").rename(target / "project" / "license.txt")
    for name, text in generated.items():
        page = target / f"{name}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
    for page in target.rglob("*.md"):
        page.write_text(_within(page, target), encoding="utf-8")
    there = [section.folder for section in SECTIONS if _made_index(target, section)]
    with (target / "index.md").open("a", encoding="utf-8") as file:
        file.write(_toctree([f"{folder}/index" for folder in there], hidden=True))


def _within(page: Path, target: Path) -> str:
    """The page's text with links that stay inside of the site; a link to a source file becomes its text."""
    origin = _origin(page, target)

    def kept(match: re.Match[str]) -> str:
        text, link = match[1], match[2]
        path, mark, fragment = link.partition("#")
        if not path or ":" in path.split("/")[0] or path.startswith("/"):
            return match[0]
        aim = (origin.parent / path).resolve()
        if aim.name in OF_THE_PROJECT and aim.parent == ROOT:
            place = target / "project" / ("license.txt" if aim.name == "LICENSE" else aim.name)
        elif aim.is_relative_to(DOCS):
            place = target / aim.relative_to(DOCS)
            place = place / "README.md" if place.is_dir() else place
        else:
            return text
        if not place.exists():
            return text
        # A section's README becomes its list of pages.
        place = place.with_name("index.md") if place.name == "README.md" else place
        return f"[{text}]({_up(place, page)}{mark}{fragment})"

    # What stands in a block of code is no link.
    parts = _FENCE.split(page.read_text(encoding="utf-8"))
    return "".join(part if part.startswith("```") else _LINK.sub(kept, part) for part in parts)


def _origin(page: Path, target: Path) -> Path:
    """The place in the repository from which the page's links go."""
    place = page.relative_to(target)
    return ROOT / place.name if place.parts[0] == "project" else DOCS / place


def _up(place: Path, page: Path) -> str:
    shared = next(folder for folder in page.parents if place.is_relative_to(folder))
    steps = len(page.parent.relative_to(shared).parts)
    return "/".join([*([".."] * steps), *place.relative_to(shared).parts])


def _made_index(target: Path, section: Section) -> bool:
    """The section's page with the list of its pages: its own README, if it has one, else its title and a sentence. False: no pages."""
    folder = target / section.folder
    if not folder.exists():
        return False
    readme = folder / "README.md"
    has_words = readme.exists()
    text = readme.read_text(encoding="utf-8") if has_words else f"# {section.title}\n\n{section.words}\n"
    readme.unlink(missing_ok=True)
    names = [*section.first, *(name for name in _by_title(folder) if name not in section.first)]
    there = [name for name in names if (folder / f"{name}.md").exists()]
    (folder / "index.md").write_text(text + _toctree(there, hidden=has_words), encoding="utf-8")
    return True


def _toctree(pages: Sequence[str], *, hidden: bool) -> str:
    options = ":maxdepth: 1\n" + (":hidden:\n" if hidden else "")
    return f"\n```{{toctree}}\n{options}\n" + "\n".join(pages) + "\n```\n"


def _by_title(folder: Path) -> Iterator[str]:
    """The pages by their titles, numbered ones by their numbers. A folder in it that has an index of its own lists its pages itself."""
    pages = [page for page in folder.glob("*.md") if page.name not in {"index.md", "README.md"}]
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        pages += [inner / "index.md"] if (inner / "index.md").exists() else inner.glob("*.md")
    numbered = all(page.stem[:4].isdigit() for page in pages)
    for page in sorted(pages, key=lambda page: page.stem if numbered else title_of(page.read_text(encoding="utf-8"))):
        yield page.relative_to(folder).with_suffix("").as_posix()


def title_of(text: str) -> str:
    """The first heading of a page."""
    match = _HEADING.search(text)
    return match[1] if match else ""
