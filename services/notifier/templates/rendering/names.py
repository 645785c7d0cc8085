"""Names as a letter says them. Pure.

School systems have them in capitals, with the family name in front, or with what the office notes beside them.
"""

import re
from collections.abc import Sequence
from typing import Final

from services.notifier.contacts.one_line import one_line
from shared.correspondents import is_role, words_key

SHORTEST: Final = 3
"""Letters from which on a name in capitals is shouted: AJ is how a person of that name writes it."""

_REMARK: Final = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])")
_SIGNS: Final = re.compile(r"^[\W_]+|[^\w.)]+$")
_WORD: Final = re.compile(r"[^\W\d_]+")
_INITIALS: Final = re.compile(r"(?:[^\W\d_](?:[.\s]+|$))+")


def called(names: Sequence[str], child: str) -> list[str]:
    """The names of a greeting; where nobody's is known, it is the child's whānau."""
    return people_in(names) or [f"whānau of {as_written(child)}"]


def people_in(names: Sequence[str]) -> list[str]:
    """The names of people, each once. A role in place of a name (`Caregiver 1`, `Mother`) or an address is nobody's."""
    people: dict[str, str] = {}
    for name in map(_person, names):
        if name and not is_role(name) and "@" not in name:
            people.setdefault(words_key(name), name)
    return list(people.values())


def as_written(name: str) -> str:
    """A name with what is all in capitals, or in small letters, as people write it."""
    line = one_line(name)
    letters = "".join(filter(str.isalpha, line))
    if line.islower() or (line.isupper() and len(letters) >= SHORTEST and _INITIALS.fullmatch(line) is None):
        return _WORD.sub(lambda word: word[0].capitalize(), line)
    return _WORD.sub(lambda word: word[0].capitalize() if word[0].isupper() and len(word[0]) > SHORTEST else word[0], line)


def _person(name: str) -> str:
    bare = _SIGNS.sub("", _REMARK.sub("", one_line(name)))
    family, comma, given = bare.partition(",")
    return as_written(f"{given.strip()} {family}" if comma and given.strip() and "," not in given else bare)
