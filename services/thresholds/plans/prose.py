"""Plain text as people type it into a form, read as paragraphs and lists. No markup: a `<` or a `#` is what it looks like."""

import re
from dataclasses import dataclass, field
from typing import Final, Literal

BlockKind = Literal["paragraph", "bullets", "numbers"]

_BULLET: Final = re.compile(r"\s*[-*•–]\s+(?=\S)")
_NUMBER: Final = re.compile(r"\s*(\d{1,2})[.)]\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class ProseBlock:
    """A paragraph, whose items are its lines, or a list."""

    kind: BlockKind
    items: tuple[str, ...]


@dataclass(slots=True)
class _Growing:
    kind: BlockKind
    items: list[str] = field(default_factory=list)


def blocks(text: str) -> tuple[ProseBlock, ...]:
    """The blocks of a text, in order.

    A blank line ends a paragraph. Lines that begin with `-`, `*`, `•` or `–` and a space are a list; lines that begin with 1, 2, 3 and
    so on, and `.` or `)`, a numbered one. An indented line below a point of a list goes on with it. Line breaks inside a paragraph are
    kept.
    """
    grown: list[_Growing] = []
    after_blank = True
    for line in text.split("\n"):
        if not line.strip():
            after_blank = True
            continue
        last = grown[-1] if grown else _Growing("paragraph")
        kind, words = _read(line, last)
        if kind == "paragraph" and last.kind != "paragraph" and not after_blank and line[0].isspace():
            last.items[-1] += f" {words}"
        # Blank lines between the points of one list do not make it several.
        elif grown and last.kind == kind and not (kind == "paragraph" and after_blank):
            last.items.append(words)
        else:
            grown.append(_Growing(kind, [words]))
        after_blank = False
    return tuple(ProseBlock(block.kind, tuple(block.items)) for block in grown)


def _read(line: str, last: _Growing) -> tuple[BlockKind, str]:
    if bullet := _BULLET.match(line):
        return "bullets", line[bullet.end() :].strip()
    # A list is numbered anew when it is printed, so only numbers that would come out the same make one.
    expected = len(last.items) + 1 if last.kind == "numbers" else 1
    if (number := _NUMBER.match(line)) and int(number[1]) in {1, expected}:
        return "numbers", line[number.end() :].strip()
    return "paragraph", line.strip()
