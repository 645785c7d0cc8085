"""Whether two entries of a roster are one child: under one key, before and after; or under two. Pure.

A key that goes to another child must not show the one's days to the other's family. A name that is spelt otherwise, a married, adopted or
preferred name, and a national student number that was corrected or merged are no other child.
"""

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Iterator
from difflib import SequenceMatcher
from itertools import combinations
from typing import Final

from services.ingest.students.numbers import national_number
from shared.addresses import address_key
from shared.events.data import StudentUpdated

ALIKE: Final = 0.8
"""How alike two spellings of one name are: Jonathon and Jonathan, Katherine and Catherine; not Mia and Leo."""

SHORTEST: Final = 3
"""Letters from which on the beginning of a name can stand for it: Sam for Samuel."""

_NOT_LETTERS: Final = re.compile(r"[^\w]+|_")
_DIGITS: Final = re.compile(r"[^0-9]")


def is_another_child(before: StudentUpdated, after: StudentUpdated) -> bool:
    """Whether the entry of a key is of another child than the one before. A year's growth, and a move of class, say nothing."""
    number, newer = national_number(before.nsn), national_number(after.nsn)
    if number is not None and number == newer:
        return False
    given = _same_name(before.given_name, after.given_name)
    # A family name that is not there says nothing: a file may have first names alone.
    family = not before.family_name or not after.family_name or _same_name(before.family_name, after.family_name)
    if (given and family) or _words(before) & _words(after) in (_words(before), _words(after)):
        return False
    if number is not None and newer is not None:
        # Another number and another name: a sibling, or somebody else. One name that stays is enough only with a family that stays.
        return not ((given or (family and _same_year(before, after))) and _same_family(before, after))
    if given:
        # A family name changes with a marriage, an adoption or a separation. Another child of that first name has another family.
        return not (_same_family(before, after) or _no_family(before, after))
    # A first name changes to a preferred one; a sibling under the same family name is in another year.
    return not (_same_year(before, after) and (_same_family(before, after) or (family and _no_family(before, after))))


def why_another(before: StudentUpdated, after: StudentUpdated) -> str:
    """In what they differ: their national student numbers, or their names alone."""
    number, newer = national_number(before.nsn), national_number(after.nsn)
    return "nsn" if number is not None and newer is not None and number != newer else "name"


def duplicates(students: Iterable[StudentUpdated]) -> Iterator[tuple[StudentUpdated, StudentUpdated, str]]:
    """The pairs of entries that are likely one child, each with the reason."""
    listed = sorted(students, key=lambda student: student.student)
    yield from _pairs(listed, lambda student: national_number(student.nsn), "nsn")
    for first, second, _ in _pairs(listed, lambda student: (tuple(sorted(_words(student))), student.year_level), "name"):
        numbers = {national_number(first.nsn), national_number(second.nsn)}
        if _reached_by(first) & _reached_by(second) and not (None not in numbers and len(numbers) > 1):
            yield first, second, "name-year-caregiver"


def returned(left: Iterable[StudentUpdated], present: Iterable[StudentUpdated]) -> Iterator[tuple[StudentUpdated, StudentUpdated]]:
    """The children who lost their key to another child and are likely there again, each with the entry that is theirs now.

    So it is when a key comes back to its first child, and when keys changed places. Names and years tell: nobody keeps the addresses and
    numbers of those who lost a key.
    """
    by_name: dict[frozenset[str], list[StudentUpdated]] = {}
    for student in present:
        by_name.setdefault(_words(student), []).append(student)
    for earlier in left:
        for student in by_name.get(_words(earlier), []):
            if student.student != earlier.student and _same_year(earlier, student):
                yield earlier, student


def _pairs(
    students: Iterable[StudentUpdated], key_of: Callable[[StudentUpdated], Hashable | None], why: str
) -> Iterator[tuple[StudentUpdated, StudentUpdated, str]]:
    groups: dict[Hashable, list[StudentUpdated]] = {}
    for student in students:
        key = key_of(student)
        if key is not None:
            groups.setdefault(key, []).append(student)
    for group in groups.values():
        for first, second in combinations(group, 2):
            yield first, second, why


def _same_name(first: str, second: str) -> bool:
    """Whether two spellings can be one name: alike, one the beginning of the other, an initial of it, or with a part of it left out."""
    one, other = _plain(first), _plain(second)
    if not one or not other:
        return not one and not other
    if one == other or SequenceMatcher(None, one, other).ratio() >= ALIKE:
        return True
    short, long = sorted((one, other), key=len)
    if long.startswith(short) and (len(short) >= SHORTEST or len(short) == 1):
        return True
    parts, others = set(_parts(first)), set(_parts(second))
    return parts <= others or others <= parts


def _words(student: StudentUpdated) -> frozenset[str]:
    """All parts of the name, whatever their order."""
    return frozenset((*_parts(student.given_name), *_parts(student.family_name)))


def _parts(name: str) -> list[str]:
    return [part for part in _NOT_LETTERS.sub(" ", _unaccented(name)).split() if part]


def _plain(name: str) -> str:
    return "".join(_parts(name))


def _unaccented(name: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(letter))


def _same_year(before: StudentUpdated, after: StudentUpdated) -> bool:
    return before.year_level is None or after.year_level is None or 0 <= after.year_level - before.year_level <= 1


def _same_family(before: StudentUpdated, after: StudentUpdated) -> bool:
    """Whether a caregiver of one is a caregiver of the other, by address or telephone number."""
    return bool(_reached_by(before) & _reached_by(after))


def _no_family(before: StudentUpdated, after: StudentUpdated) -> bool:
    """Whether the caregivers of one of them are not known: they say nothing."""
    return not _reached_by(before) or not _reached_by(after)


def _reached_by(student: StudentUpdated) -> set[str]:
    addresses = {address_key(person.email) for person in student.caregivers if person.email}
    numbers = {digits[-8:] for person in student.caregivers if len(digits := _DIGITS.sub("", person.phone or "")) >= SHORTEST * 2}
    return addresses | numbers
