"""Recognises the field of each column: by the names that systems commonly use, or as the sender says."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from services.ingest.csv_import.errors import ColumnsError

Kind = Literal["marks", "students"]

IGNORED: Final = ""
"""The field of a column that is told to be left out."""

# The first name of a field that a file has wins: beside "Student ID", an "ID" is the row's own.
MARK_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "student": ("student id", "studentid", "student number", "student no", "student key", "student", "id"),
    "date": ("attendance date", "mark date", "date", "day"),
    "session": ("session", "am pm", "ampm"),
    "slot": ("slot", "period", "period number", "timetable slot"),
    "code": ("attendance code", "mark code", "code", "mark"),
    "minutes": ("minutes", "mins"),
    "recorded_at": (
        *("recorded at", "recorded", "updated at", "last updated", "updated"),
        *("modified at", "last modified", "modified", "timestamp"),
    ),
    "unjustified": ("unjustified half days", "half days unjustified", "unjustified", "hdu"),
    "justified": ("justified half days", "half days justified", "justified", "hdj"),
    "present": ("present half days", "half days present", "present", "hdp"),
}
STUDENT_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "student": MARK_NAMES["student"],
    "given_name": ("given name", "given names", "first name", "firstname", "preferred name"),
    "family_name": ("family name", "last name", "lastname", "surname"),
    "year_level": ("year level", "yearlevel", "year", "level"),
    "groups": ("groups", "group", "classes", "class", "tutor group", "tutor", "form class"),
    "nsn": ("nsn", "national student number"),
}
HALF_DAYS: Final = ("unjustified", "justified", "present")
MOST_CAREGIVERS: Final = 20
CAREGIVER_PARTS: Final = ("name", "email", "phone", "language", "notify")
_PARTS: Final = {"e mail": "email", "email address": "email", "mobile": "phone", "phone number": "phone"}
_CAREGIVER: Final = re.compile(r"(?:caregiver|parent|guardian|contact) ?([0-9]{0,2}) (.+)")
_SEPARATORS: Final = re.compile(r"[\s_./-]+")
_MOST_NAMES: Final = 60
_LONGEST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class Columns:
    """The place and name of each field, and the columns that are left out."""

    places: Mapping[str, int]
    names: Mapping[str, str]
    ignored: Sequence[str]
    width: int


def recognise(header: Sequence[str], kind: Kind, chosen: Mapping[str, str] | None = None) -> Columns:
    """Finds the fields of a kind in a header; `told` (column to field) goes before any name. Raises ColumnsError."""
    names = [name.strip() for name in header]
    plain = [_plain(name) for name in names]
    chosen = chosen or {}
    places = _as_chosen(names, plain, kind, chosen)
    spoken_for = {_plain(column) for column in chosen}
    free = [None if name in spoken_for else _field_of(name, kind) for name in plain]
    for field in dict.fromkeys(found[0] for found in free if found is not None):
        if field not in places:
            places[field] = _best(field, free, names)
    if not all(field in places for field in HALF_DAYS):
        # Alone, a column named "Present" is something else: a yes or no.
        places = {field: place for field, place in places.items() if field not in HALF_DAYS or field in chosen.values()}
    _require(kind, places, names)
    used = set(places.values())
    return Columns(
        places,
        {names[place]: field for field, place in places.items()},
        [name for place, name in enumerate(names) if place not in used and name],
        len(names),
    )


def _as_chosen(names: Sequence[str], plain: Sequence[str], kind: Kind, chosen: Mapping[str, str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for column, field in chosen.items():
        if field != IGNORED and not _is_field(field, kind):
            raise ColumnsError(f"there is no field {field!r}: the fields of {kind} are {', '.join(_fields(kind))}")
        at = [place for place, name in enumerate(plain) if name == _plain(column)]
        if len(at) != 1:
            raise ColumnsError(f"the column {column!r} is {'not there' if not at else 'there more than once'}; {_found(names, kind)}")
        if field in places:
            raise ColumnsError(f"two columns are told to be {field}")
        if field != IGNORED:
            places[field] = at[0]
    return places


def _field_of(name: str, kind: Kind) -> tuple[str, int] | None:
    """The field that a name means, and how sure that is: the less the surer."""
    for field, names in _names(kind).items():
        if name in names:
            return field, names.index(name)
        if name == field.replace("_", " "):
            return field, 0
    if kind == "students" and (found := _CAREGIVER.fullmatch(name)):
        part = _PARTS.get(found[2], found[2])
        number = int(found[1] or 1)
        if part in CAREGIVER_PARTS and 1 <= number <= MOST_CAREGIVERS:
            return f"caregiver_{number}_{part}", 0
    return None


def _best(field: str, free: Sequence[tuple[str, int] | None], names: Sequence[str]) -> int:
    ranked = sorted((found[1], place) for place, found in enumerate(free) if found is not None and found[0] == field)
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        both = f"{names[ranked[0][1]]!r} and {names[ranked[1][1]]!r}"
        raise ColumnsError(f"two columns can be {field}, {both}: say which one is, or rename one")
    return ranked[0][1]


def _require(kind: Kind, places: Mapping[str, int], names: Sequence[str]) -> None:
    missing = [field for field in ("student", "given_name", "family_name") if field not in places]
    if kind == "marks":
        counts = all(field in places for field in HALF_DAYS)
        timed = "session" in places or "slot" in places
        missing = [field for field in ("student", "date") if field not in places]
        if not counts and not timed:
            missing.append("session (or slot, or unjustified, justified and present)")
        if "code" not in places and (timed or not counts):
            missing.append("code")
    if missing:
        raise ColumnsError(f"there is no column for {', nor for '.join(missing)}; {_found(names, kind)}")


def _found(names: Sequence[str], kind: Kind) -> str:
    """The columns, for an error. A first line without any known name may be a student's own row: it is not repeated."""
    if not any(_field_of(_plain(name), kind) for name in names):
        return f"none of the {len(names)} columns has a name that is known: does the file begin with a header?"
    shown = [name[:_LONGEST_NAME] for name in names[:_MOST_NAMES]]
    return f"the columns are: {', '.join(shown)}"


def _names(kind: Kind) -> Mapping[str, Sequence[str]]:
    return MARK_NAMES if kind == "marks" else STUDENT_NAMES


def _is_field(field: str, kind: Kind) -> bool:
    return field in _names(kind) or (field.startswith("caregiver_") and _field_of(_plain(field), kind) == (field, 0))


def _fields(kind: Kind) -> Iterable[str]:
    return _names(kind) if kind == "marks" else [*_names(kind), *(f"caregiver_1_{part}" for part in CAREGIVER_PARTS)]


def _plain(name: str) -> str:
    return _SEPARATORS.sub(" ", name.casefold()).strip()
