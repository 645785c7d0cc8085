"""The made-up school: its students, their classes and caregivers. The same every time."""

import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from deploy.demo.words import FAMILY_NAMES, FIRST_NAMES
from shared.attendance.calendar import SchoolCalendar

NUMBER: Final = "0999"
NAME: Final = "Example Kahikatea School"
SEED: Final = "kahikatea"

CLASS_SIZE: Final = 25
CLASSES: Final = tuple(
    f"{year}{letter}" for year, letters in ((9, "ABC"), (10, "ABC"), (11, "AB"), (12, "AB"), (13, "AB")) for letter in letters
)
FIRST_KEY: Final = 20001
DOMAIN: Final = "kahikatea.test"
"""Ends in a name that will never exist (RFC 2606): should a letter ever leave this machine, it would arrive nowhere."""


@dataclass(frozen=True, slots=True)
class Caregiver:
    """Somebody who looks after a student."""

    name: str
    email: str | None
    language: str
    notify: bool
    postal_address: str | None = None


@dataclass(frozen=True, slots=True)
class Student:
    """A student of the school; `key` is what the school's own system calls them."""

    key: str
    given_name: str
    family_name: str
    year_level: int
    form: str
    caregivers: tuple[Caregiver, ...]

    def as_json(self) -> dict[str, Any]:
        """As the API takes it. There is no national student number: the demo has no use for one."""
        return {
            "student": self.key,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "year_level": self.year_level,
            "groups": [self.form],
            "nsn": None,
            "caregivers": [
                {
                    "name": caregiver.name,
                    "email": caregiver.email,
                    "language": caregiver.language,
                    "notify": caregiver.notify,
                    "postal_address": caregiver.postal_address,
                }
                for caregiver in self.caregivers
            ],
        }


def students() -> tuple[Student, ...]:
    """Everybody at the school, class by class."""
    rng = random.Random(f"{SEED}/students")  # noqa: S311 - nothing here is a secret
    names = rng.sample([(given, family) for given in FIRST_NAMES for family in FAMILY_NAMES], len(CLASSES) * CLASS_SIZE)
    return tuple(
        Student(
            key=str(FIRST_KEY + index),
            given_name=given,
            family_name=family,
            year_level=int(CLASSES[index // CLASS_SIZE][:-1]),
            form=CLASSES[index // CLASS_SIZE],
            caregivers=_caregivers(FIRST_KEY + index, given, family, rng),
        )
        for index, (given, family) in enumerate(names)
    )


DEANS: Final = {9: "Hana Rātā", 10: "Tui Mānuka", 11: "Kahu Rimu", 12: "Niko Pūriri", 13: "Mere Tawa"}
"""The dean of each year: letters name a person to ring."""


def school_json(calendar: SchoolCalendar) -> dict[str, Any]:
    """The school as the API takes it."""
    return {
        "name": NAME,
        "terms": [{"term": term.name, "start": str(term.start), "end": str(term.end)} for term in calendar.terms],
        "closed_days": [str(day) for day in sorted(calendar.closed_days)],
        "half_days": [str(day) for day in sorted(calendar.half_days)],
        "contact_email": f"office@{DOMAIN}",
        "phone": "04 555 0100",
        "contact_name": "Rewa Kōwhai",
        "deans": [{"group": f"year:{year}", "name": name, "phone": f"04 555 01{year:02}"} for year, name in DEANS.items()],
        "staff": {
            "people": [
                *(
                    {"account": f"dean-{year}", "name": name, "groups": [f"year:{year}"], "email": f"dean{year}@{DOMAIN}"}
                    for year, name in DEANS.items()
                ),
                {"account": "dean", "name": "Rewa Kōwhai", "role": "manage", "email": f"lead@{DOMAIN}"},
                {"account": "principal", "name": "Principal", "role": "admin", "email": f"principal@{DOMAIN}"},
            ],
            "remind_at": "07:30",
            "next_role_after": 10,
        },
        "timezone": calendar.timezone,
    }


def students_json(everybody: Sequence[Student]) -> dict[str, Any]:
    """The students as the API takes them."""
    return {"students": [student.as_json() for student in everybody]}


def _caregivers(key: int, given: str, family: str, rng: random.Random) -> tuple[Caregiver, ...]:
    """Mostly two; some are not to be told, a few students have nobody on file."""
    count = rng.choices((0, 1, 2), (3, 32, 65))[0]
    language = rng.choices(("en", "mi", "sm"), (86, 10, 4))[0]
    languages = (language, "en" if rng.random() < 0.5 else language)
    others = rng.sample([name for name in FIRST_NAMES if name != given], count)
    return tuple(
        Caregiver(
            name=f"{other} {family}",
            email=f"{_ascii(other)}.{_ascii(family)}.{key}@whanau.{DOMAIN}" if rng.random() < 0.97 else None,
            language=languages[place],
            notify=rng.random() < 0.93,
            postal_address=f"{key % 97 + 1} Example Street\nKahikatea {5500 + key % 40}",
        )
        for place, other in enumerate(others)
    )


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode()
    return plain.lower().replace("-", "")
