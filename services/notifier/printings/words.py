"""The plain text of a letter as parts that are set on paper. Pure.

The text is what the letter's e-mail would have as plain text: blank lines between parts, two before a heading, a rule before small print,
and lines that are wrapped. A break that no wrapping explains was meant.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from services.notifier.templates.rendering.markup import LINE, RULE

_ITEM: Final = "- "


def parts_of(text: str) -> list[dict[str, Any]]:
    """Headings, paragraphs (with their lines), lists and small print, in their order."""
    parts: list[dict[str, Any]] = []
    small, blank = False, 0
    block: list[str] = []
    for line in [*text.strip("\n").split("\n"), ""]:
        if line.strip():
            block.append(line)
            continue
        if block:
            if block == [RULE]:
                small = True
            else:
                parts.append(_part(block, is_heading=blank > 1, small=small))
            block, blank = [], 0
        blank += 1
    return parts


def _part(block: Sequence[str], *, is_heading: bool, small: bool) -> dict[str, Any]:
    if block[0].startswith(_ITEM):
        items: list[list[str]] = []
        for line in block:
            if line.startswith(_ITEM):
                items.append([line[len(_ITEM) :]])
            else:
                items[-1].append(line.strip())
        return {"kind": "list", "items": [" ".join(item) for item in items], "small": small}
    if is_heading and len(block) == 1:
        return {"kind": "heading", "lines": list(block), "small": small}
    return {"kind": "paragraph", "lines": _unwrapped(block), "small": small}


def _unwrapped(block: Sequence[str]) -> list[str]:
    """The lines as they were meant: a line that had room for the next word was ended on purpose."""
    lines = [block[0]]
    for before, line in pairwise(block):
        word = line.split(" ", 1)[0]
        if len(before) + 1 + len(word) <= LINE:
            lines.append(line)
        else:
            lines[-1] = f"{lines[-1]} {line}"
    return lines
