"""Recognises the field of each column: by the names that systems commonly use, or as the sender says."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from services.ingest.csv_import.errors import ColumnsError
from services.ingest.tables.records import visible
from shared.correspondents import may_restrict

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
    "am": ("am", "am code", "am mark", "am attendance", "am session", "session am", "morning", "morning session"),
    "pm": ("pm", "pm code", "pm mark", "pm attendance", "pm session", "session pm", "afternoon", "afternoon session"),
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
    "starts_on": ("starts on", "start date", "starting date", "startingdate", "entry date", "enrolment date", "first day"),
    "leaves_on": ("leaves on", "leaving date", "leavingdate", "leave date", "exit date", "last day", "last day of attendance"),
    "attends": ("attends", "sessions attended", "attends sessions"),
}
HALF_DAYS: Final = ("unjustified", "justified", "present")
MOST_CAREGIVERS: Final = 20
CAREGIVER_PARTS: Final = ("name", "email", "phone", "language", "notify", "status", "role", "relationship", "postal_address")
_PARTS: Final = {
    "e mail": "email",
    "email address": "email",
    "mobile": "phone",
    "phone number": "phone",
    "address": "postal_address",
    "postal address": "postal_address",
    "mailing address": "postal_address",
}
REMARK: Final = "remark "
"""The field of a caregiver's column that no field is for, and that may restrict contact (`Parent 1 Court Order`), begins so."""

_CAREGIVER: Final = re.compile(r"(?:caregiver|parent|guardian|contact) ?([0-9]{0,2}) (.+)")
_WIDE_SLOT: Final = re.compile(r"(?:period|per|slot|p) ?([0-9]{1,2})")
MOST_SLOTS: Final = 20
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
    if kind == "marks":
        places = _one_shape(places)
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
    if kind == "marks" and (found := _WIDE_SLOT.fullmatch(name)) and 1 <= int(found[1]) <= MOST_SLOTS:
        return f"slot_{int(found[1])}", 0
    if kind == "students" and (found := _CAREGIVER.fullmatch(name)):
        part = _PARTS.get(found[2], found[2])
        number = int(found[1] or 1)
        if part in CAREGIVER_PARTS and 1 <= number <= MOST_CAREGIVERS:
            return f"caregiver_{number}_{part}", 0
        if may_restrict(part) and 1 <= number <= MOST_CAREGIVERS:
            return f"caregiver_{number}_{REMARK}{part}", 0
    return None


def _best(field: str, free: Sequence[tuple[str, int] | None], names: Sequence[str]) -> int:
    ranked = sorted((found[1], place) for place, found in enumerate(free) if found is not None and found[0] == field)
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        both = f"{names[ranked[0][1]]!r} and {names[ranked[1][1]]!r}"
        raise ColumnsError(f"two columns can be {field}, {both}: say which one is, or rename one")
    return ranked[0][1]


def _require(kind: Kind, places: Mapping[str, int], names: Sequence[str]) -> None:
    missing = [] if "student" in places else ["student"]
    if kind == "students" and not {"given_name", "family_name"} & places.keys():
        missing.append("given_name or family_name")
    if kind == "marks":
        counts = all(field in places for field in HALF_DAYS)
        wide = any(map(is_wide, places))
        timed = "session" in places or "slot" in places
        missing = [field for field in ("student", "date") if field not in places]
        if not counts and not timed and not wide:
            missing.append("session (or slot, or AM and PM, or unjustified, justified and present)")
        if "code" not in places and (timed or not (counts or wide)):
            missing.append("code")
    if missing:
        raise ColumnsError(f"there is no column for {', nor for '.join(missing)}; {_found(names, kind)}")


def is_wide(field: str) -> bool:
    """Whether the column holds the codes of one session or slot: such a file has one row for a student's whole day."""
    return field in {"am", "pm"} or field.startswith("slot_")


def _one_shape(places: Mapping[str, int]) -> dict[str, int]:
    """Without the columns of the other shape, where a file seems to have both: a row for each mark, and a row for each day."""
    if "code" in places and ("session" in places or "slot" in places):
        return {field: place for field, place in places.items() if not is_wide(field)}
    if any(map(is_wide, places)):
        return {field: place for field, place in places.items() if field not in {"session", "slot", "code", "minutes"}}
    return dict(places)


def _found(names: Sequence[str], kind: Kind) -> str:
    """The columns, for an error. A first line without any known name may be a student's own row: it is not repeated."""
    fields = [found[0] for name in names if (found := _field_of(_plain(name), kind)) is not None]
    # AM and P1 are names of columns, and cells of a row as well.
    if all(map(is_wide, fields)):
        return f"none of the {len(names)} columns has a name that is known: does the file begin with a header?"
    shown = [name[:_LONGEST_NAME] for name in names[:_MOST_NAMES]]
    return f"the columns are: {', '.join(shown)}"


def _names(kind: Kind) -> Mapping[str, Sequence[str]]:
    return MARK_NAMES if kind == "marks" else STUDENT_NAMES


def _is_field(field: str, kind: Kind) -> bool:
    return field in _names(kind) or (field.startswith(("caregiver_", "slot_")) and _field_of(_plain(field), kind) == (field, 0))


def _fields(kind: Kind) -> Iterable[str]:
    return _names(kind) if kind == "marks" else [*_names(kind), *(f"caregiver_1_{part}" for part in CAREGIVER_PARTS)]


def _plain(name: str) -> str:
    return _SEPARATORS.sub(" ", visible(name).casefold()).strip()
