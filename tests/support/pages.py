"""The code of the documentation's pages, as readers copy it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"

_FENCE: Final = re.compile(
    r"^(?:[ ]*<!--\ (?P<remark>[^\n]*?)\ -->\n)?(?P<indent>[ ]*)```(?P<language>[^\n]*)\n(?P<text>.*?)^[ ]*```[ ]*$",
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code; `remark` is the comment on the line above it, which says how it is run where it is not run as it stands."""

    page: str
    line: int
    language: str
    text: str
    remark: str

    @property
    def place(self) -> str:
        """For messages."""
        return f"{self.page}:{self.line}"

    @property
    def not_run(self) -> str:
        """Why a test machine can't run it; empty if it can."""
        return self.remark.removeprefix("not run: ") if self.remark.startswith("not run: ") else ""

    @property
    def run_elsewhere(self) -> str:
        """The test file that runs it with means of its own; empty if none does."""
        return self.remark.removeprefix("run by ") if self.remark.startswith("run by ") else ""

    @property
    def in_background(self) -> bool:
        """It runs on while the page goes on."""
        return self.remark == "runs on"

    @property
    def exit_code(self) -> int | None:
        """The exit code with which its last command ends, if it is not 0."""
        found = re.fullmatch(r"ends with (\d+)", self.remark)
        return int(found[1]) if found else None

    @property
    def refusal(self) -> int | None:
        """The status of the refusal that it shows."""
        found = re.fullmatch(r"answers (\d{3})", self.remark)
        return int(found[1]) if found else None


def paths() -> list[Path]:
    """Every page that readers copy code from: the README, those of the documentation and those of the clients."""
    return [ROOT / "README.md", *sorted((ROOT / "clients").glob("*/README.md")), ROOT / "clients/README.md", *sorted(DOCS.rglob("*.md"))]


def blocks(path: Path) -> Iterator[Block]:
    """A page's blocks, in order."""
    text = path.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Block(
            page=str(path.relative_to(ROOT)),
            line=text.count("\n", 0, found.start("language")) + 1,
            language=found["language"].strip(),
            text=re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE),
            remark=found["remark"] or "",
        )


def code_blocks(page: str, language: str) -> list[str]:
    """A page's blocks of one language, in order; the page by its path below `docs`."""
    return [block.text for block in blocks(DOCS / page) if block.language == language]
