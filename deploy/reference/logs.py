"""The reference of all lines of the log, found in the code: event, level, fields; the meanings stand beside."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.reference.log_meanings import MEANINGS

PAGE: Final = Path("docs/reference/logs.md")
ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("shared", "services", "deploy")
LEVELS: Final = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error", "critical": "critical"}

_HEAD: Final = """# Log

At the end you know each line that the engine writes to its log.

A line is JSON (`STAR_LOG_FORMAT=json`) with `event`, `level`, `timestamp` (UTC) and the fields below. It has keys, ids and offsets, and
never a name, an address, a national student number, or what a request said. `warning` passes by itself, or waits for somebody who looks now
and then; `error` waits for a person, and has an alarm where that is urgent ([the runbooks](../runbooks/README.md)).

This page is written by `make reference` from the code.
"""


@dataclass
class Line:
    """One event: its levels, fields, and the packages that write it."""

    levels: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)


def page() -> str:
    """The page, as it should be."""
    lines = [_HEAD, "| event | level | meaning | fields | written by |", "|---|---|---|---|---|"]
    for event, line in sorted(found().items()):
        fields, places = (", ".join(f"`{name}`" for name in sorted(names)) for names in (line.fields, line.places))
        lines.append(f"| `{event}` | {', '.join(sorted(line.levels))} | {MEANINGS.get(event, '')} | {fields} | {places} |")
    return "\n".join(lines) + "\n"


def found() -> dict[str, Line]:
    """Every event of the code, by name."""
    events: dict[str, Line] = {}
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            package = "/".join(file.relative_to(ROOT).parts[:2]).removesuffix(".py")
            for call in _calls(file):
                assert isinstance(call.func, ast.Attribute)
                for event in _events(call.args[0]):
                    line = events.setdefault(event, Line())
                    line.levels.add(LEVELS[call.func.attr])
                    line.fields |= {keyword.arg for keyword in call.keywords if keyword.arg}
                    line.places.add(package)
    return events


def _calls(file: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=attr), args=[_, *_]) if attr in LEVELS:
                yield node


def _events(argument: ast.expr) -> Iterator[str]:
    match argument:
        case ast.Constant(value=str(event)):
            yield event
        case ast.IfExp(body=body, orelse=orelse):
            yield from _events(body)
            yield from _events(orelse)
        case _:
            yield "?"
