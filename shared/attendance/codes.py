"""The attendance codes and what each says about a student, loaded from dated data (`codes.toml`, or an operator's own file).

The class of a code decides its effect: both kinds of absence count towards STAR, "excluded" is neither present nor absent.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, Self, cast, get_args

CodeClass = Literal["present", "justified", "unjustified", "excluded"]
ABSENCES: Final[frozenset[CodeClass]] = frozenset({"justified", "unjustified"})

DEFAULT_FILE: Final = Path(__file__).with_name("codes.toml")

_FIELDS: Final = frozenset({"code", "meaning", "class", "from", "until", "becomes", "illness", "open"})
_HEADER: Final = "[[code]]"


class CodeTableError(ValueError):
    """The file of attendance codes can't be used; the message names the file, the line and the entry at fault."""


@dataclass(frozen=True, slots=True)
class Code:
    """One attendance code.

    `becomes` names the successor of a retired code, whose marks count as marks of that successor. `open` says what no public text
    of the Ministry decides about the code, where there is such a thing. `illness` says that letters may speak of illness.
    """

    code: str
    meaning: str
    code_class: CodeClass
    valid_from: date | None = None
    valid_until: date | None = None
    becomes: str | None = None
    open: str | None = None
    illness: bool = False

    @property
    def absent(self) -> bool:
        """Whether a mark with this code is an absence, justified or not (STAR counts both)."""
        return self.code_class in ABSENCES

    def valid_on(self, day: date) -> bool:
        """Whether the code may be used for that day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_until is None or day <= self.valid_until)

    def usable_on(self, day: date) -> bool:
        """Whether a mark of that day may carry the code: it is valid, or it is retired and its successor is meant."""
        return self.becomes is not None or self.valid_on(day)


@dataclass(frozen=True, slots=True)
class CodeTable:
    """All known codes, by their character."""

    by_code: Mapping[str, Code]

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Reads the table from a TOML file; without a path, the product's own.

        Raises CodeTableError, so that a bad file is refused at start rather than at the first mark.
        """
        path = path or DEFAULT_FILE
        try:
            text = path.read_text(encoding="utf-8-sig")
            document = tomllib.loads(text)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise CodeTableError(f"{path}: {reason}") from error
        except tomllib.TOMLDecodeError as error:
            raise CodeTableError(f"{path}: {error}") from error
        try:
            return cls(MappingProxyType(_codes(document)))
        except _EntryError as error:
            line = _line_of(text, error.number)
            where = f"line {line}, code {error.number}" if line else f"code {error.number}"
            raise CodeTableError(f"{path}: {where}: {error}") from error
        except ValueError as error:
            raise CodeTableError(f"{path}: {error}") from error

    def __contains__(self, code: object) -> bool:
        return code in self.by_code

    def on(self, day: date) -> Sequence[Code]:
        """The codes that are valid on a day, in the order of the file."""
        return [code for code in self.by_code.values() if code.valid_on(day)]

    def with_classes(self, classes: Mapping[str, CodeClass]) -> "CodeTable":
        """The table as a school reads it that has chosen the class of absences where it is open."""
        chosen = {
            code: replace(self.by_code[code], code_class=code_class)
            for code, code_class in classes.items()
            # An operator's file may say that the code is no absence: then no school's choice makes it one.
            if code in self and self.by_code[code].absent
        }
        return CodeTable(MappingProxyType({**self.by_code, **chosen})) if chosen else self

    def is_absence(self, code: str) -> bool:
        """Whether a mark with this code is an absence, justified or not; one that no table knows is none."""
        return code in self and self.class_of(code) in ABSENCES

    def is_illness(self, code: str) -> bool:
        """Whether an absence with this code is one for illness; one that no table knows is not."""
        return code in self and self.by_code[code].illness

    def class_of(self, code: str) -> CodeClass:
        """The class of a code, or of its successor where it is retired. Raises KeyError for an unknown code."""
        entry = self.by_code[code]
        return self.by_code[entry.becomes].code_class if entry.becomes else entry.code_class


class _EntryError(ValueError):
    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


def _codes(document: Mapping[str, object]) -> dict[str, Code]:
    unknown = set(document) - {"code"}
    if unknown:
        raise ValueError(f"unknown entry {min(unknown)!r}: codes are written as {_HEADER} tables")
    entries = document.get("code", [])
    if not (isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)):
        raise ValueError(f"codes are written as {_HEADER} tables")
    if not entries:
        raise ValueError(f"there is no {_HEADER} in it")
    codes: dict[str, Code] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            code = _code(entry)
        except ValueError as error:
            raise _EntryError(number, str(error)) from error
        if code.code in codes:
            raise _EntryError(number, f"{code.code!r} is there twice")
        codes[code.code] = code
    for number, code in enumerate(codes.values(), start=1):
        if code.becomes is not None:
            fault = _fault_of_successor(code, codes.get(code.becomes))
            if fault:
                raise _EntryError(number, f"{code.code!r} becomes {code.becomes!r}, {fault}")
    return codes


def _code(entry: Mapping[str, Any]) -> Code:
    unknown = set(entry) - _FIELDS
    if unknown:
        raise ValueError(f"unknown field {min(unknown)!r}")
    code, code_class, becomes = entry.get("code"), entry.get("class"), entry.get("becomes")
    if not (isinstance(code, str) and len(code) == 1 and (code == "?" or "A" <= code <= "Z")):
        # Nor could the register hold another.
        raise ValueError("a code is one capital letter or a question mark")
    if code_class not in get_args(CodeClass):
        raise ValueError(f"the class of {code!r} is none of {', '.join(get_args(CodeClass))}")
    if becomes is not None and not isinstance(becomes, str):
        raise ValueError(f"{becomes!r} is not a code")
    valid_from, valid_until = _date(entry, "from"), _date(entry, "until")
    if valid_from is not None and valid_until is not None and valid_from > valid_until:
        raise ValueError(f"{code!r} ends before it begins")
    meaning = _words(entry, "meaning")
    if meaning is None:
        raise ValueError(f"{code!r} has no meaning")
    illness = entry.get("illness", False)
    if not isinstance(illness, bool) or (illness and code_class not in ABSENCES):
        raise ValueError("illness is true or false, and true for an absence only")
    return Code(code, meaning, cast(CodeClass, code_class), valid_from, valid_until, becomes, _words(entry, "open"), illness)


def _fault_of_successor(code: Code, successor: Code | None) -> str | None:
    """Why a retired code can't count as its successor. All that were retired were present, and no total may change by a mapping."""
    if successor is None:
        return "which is not in the file"
    if successor.becomes is not None:
        return "which is retired itself"
    if successor.code_class != "present":
        return "which is not of the class present"
    if code.absent != successor.absent:
        return "which is no absence: a mapping must not change totals"
    return None


def _date(entry: Mapping[str, Any], name: str) -> date | None:
    value = entry.get(name)
    # A time is a date too, to Python, but can't be compared with one.
    if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
        raise ValueError(f"{name}: {value!r} is not a date")
    return value


def _words(entry: Mapping[str, Any], name: str) -> str | None:
    value = entry.get(name)
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise ValueError(f"{name}: not a text")
    return value


def _line_of(text: str, number: int) -> int | None:
    """The line of the `number`-th entry's header. The TOML reader does not tell, but it can count the entries of a beginning."""
    lines = text.split("\n")
    for at, line in enumerate(lines, start=1):
        if not line.lstrip().startswith("[["):
            continue
        try:
            begun = tomllib.loads("\n".join(lines[:at])).get("code", [])
        except tomllib.TOMLDecodeError:
            # It stands inside a text of several lines.
            continue
        if len(begun) == number:
            return at
    return None
