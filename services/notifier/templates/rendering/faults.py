"""The fault of a template, and its place."""

import re
from dataclasses import dataclass
from typing import Final, Literal

Part = Literal["subject", "body"]

NEAR: Final = 60


@dataclass
class TemplateFaultError(Exception):
    """The fault of a template, and its place: lines and columns count from 1, and the column is None where only the line is known."""

    part: Part
    line: int
    column: int | None
    near: str
    reason: str

    def __str__(self) -> str:
        place = f"line {self.line}" + (f", column {self.column}" if self.column is not None else "")
        return f"{self.part}, {place}: {self.reason}"


def fault_at(source: str, part: Part, offset: int, reason: str) -> TemplateFaultError:
    """A fault at a place that was found by looking at the template's text."""
    before = source[:offset]
    start = before.rfind("\n") + 1
    return TemplateFaultError(part, before.count("\n") + 1, offset - start + 1, _near(source, start, offset), reason)


def fault_in(source: str, part: Part, line: int, word: str | None, reason: str) -> TemplateFaultError:
    """A fault in a line, and in its column where the word that is at fault is known."""
    lines = source.splitlines() or [""]
    text = lines[min(line, len(lines)) - 1]
    # The parser knows lines only; the word stands behind a brace somewhere in its line.
    match = re.search(rf"\{{[{{%][^}}]*?(?<!\w)({re.escape(word)})(?!\w)", text) if word is not None else None
    column = match.start(1) + 1 if match is not None else None
    near = text[max(0, column - 1 - NEAR // 2) :] if column is not None else text.lstrip()
    return TemplateFaultError(part, line, column, near[:NEAR].strip(), reason)


def _near(source: str, start: int, offset: int) -> str:
    end = source.find("\n", offset)
    return source[max(start, offset - NEAR // 2) : end if end >= 0 else None][:NEAR].strip()
