"""The attendance codes and what each says about a student, loaded from dated data (`codes.toml`).

The class of a code decides its effect: both kinds of absence count towards STAR, "excluded" is neither present nor absent.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, Self, get_args

CodeClass = Literal["present", "justified", "unjustified", "excluded"]
ABSENCES: Final[frozenset[CodeClass]] = frozenset({"justified", "unjustified"})

DEFAULT_FILE: Final = Path(__file__).with_name("codes.toml")


class CodeTableError(ValueError):
    """The file of attendance codes can't be used; the message names the file and the entry at fault."""


@dataclass(frozen=True, slots=True)
class Code:
    """One attendance code.

    `becomes` names the successor of a retired code, whose marks count as marks of that successor.
    """

    code: str
    meaning: str
    code_class: CodeClass
    valid_from: date | None = None
    valid_until: date | None = None
    becomes: str | None = None

    @property
    def absent(self) -> bool:
        """Whether a mark with this code is an absence, justified or not (STAR counts both)."""
        return self.code_class in ABSENCES

    def valid_on(self, day: date) -> bool:
        """Whether the code may be used for that day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class CodeTable:
    """All known codes, by their character."""

    by_code: Mapping[str, Code]

    @classmethod
    def load(cls, path: Path = DEFAULT_FILE) -> Self:
        """Reads the table from a TOML file.

        Raises CodeTableError, naming the entry at fault, so that a bad file is refused at start rather than at the first mark.
        """
        try:
            entries = tomllib.loads(path.read_text(encoding="utf-8"))["code"]
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError) as error:
            raise CodeTableError(f"{path}: {error}") from error
        if not (isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)):
            raise CodeTableError(f"{path}: codes are written as [[code]] tables")
        codes: dict[str, Code] = {}
        for number, entry in enumerate(entries, start=1):
            code = _parse(entry, f"{path}: code {number}")
            if code.code in codes:
                raise CodeTableError(f"{path}: code {number}: {code.code!r} is there twice")
            codes[code.code] = code
        for code in codes.values():
            if code.becomes is not None and code.becomes not in codes:
                raise CodeTableError(f"{path}: {code.code!r} becomes {code.becomes!r}, which is not in the file")
            if code.becomes is not None and codes[code.becomes].becomes is not None:
                raise CodeTableError(f"{path}: {code.code!r} becomes {code.becomes!r}, which is retired itself")
        return cls(MappingProxyType(codes))

    def __contains__(self, code: object) -> bool:
        return code in self.by_code

    def with_classes(self, classes: Mapping[str, CodeClass]) -> "CodeTable":
        """The table as a school reads it that has chosen the class of codes where it is open."""
        if not classes:
            return self
        chosen = {code: replace(self.by_code[code], code_class=code_class) for code, code_class in classes.items() if code in self}
        return CodeTable(MappingProxyType({**self.by_code, **chosen}))

    def class_of(self, code: str) -> CodeClass:
        """The class of a code, or of its successor where it is retired. Raises KeyError for an unknown code."""
        found = self.by_code[code]
        return self.by_code[found.becomes].code_class if found.becomes else found.code_class


def _parse(entry: Mapping[str, object], where: str) -> Code:
    unknown = set(entry) - {"code", "meaning", "class", "from", "until", "becomes"}
    if unknown:
        raise CodeTableError(f"{where}: unknown field {sorted(unknown)[0]!r}")
    code, meaning, code_class = entry.get("code"), entry.get("meaning"), entry.get("class")
    if not (isinstance(code, str) and len(code) == 1 and (code == "?" or "A" <= code <= "Z")):
        raise CodeTableError(f"{where}: a code is one capital letter or a question mark")
    if not isinstance(meaning, str) or not meaning:
        raise CodeTableError(f"{where}: {code!r} has no meaning")
    if code_class not in get_args(CodeClass):
        raise CodeTableError(f"{where}: the class of {code!r} is none of {', '.join(get_args(CodeClass))}")
    valid_from, valid_until, becomes = entry.get("from"), entry.get("until"), entry.get("becomes")
    for day in (valid_from, valid_until):
        # A time is a date too, to Python, but can't be compared with one.
        if day is not None and (not isinstance(day, date) or isinstance(day, datetime)):
            raise CodeTableError(f"{where}: {day!r} is not a date")
    if valid_from is not None and valid_until is not None and valid_from > valid_until:  # type: ignore[operator]
        raise CodeTableError(f"{where}: {code!r} ends before it begins")
    if becomes is not None and not isinstance(becomes, str):
        raise CodeTableError(f"{where}: {becomes!r} is not a code")
    return Code(code, meaning, code_class, valid_from, valid_until, becomes)  # type: ignore[arg-type]
