"""Whether two spellings are likely one person's name. Pure."""

from typing import Final

from shared.correspondents import words_key

_TITLES: Final = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "rev", "reverend", "sir", "dame", "lady", "lord"})


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are likely one person's name: case, macrons, order, titles, initials and left-out parts are no difference.

    `Mr Ngata` and `Mrs Ngata` are two people.
    """
    if words_key(one) == words_key(other):
        return bool(words_key(one))
    first, second = _words(one), _words(other)
    fewer, more = (first, second) if len(first) <= len(second) else (second, first)
    if not fewer or (len(fewer) == 1 and _has_title(one, other)):
        return False
    return all(any(_stands_for(word, full) for full in more) for word in fewer)


def _words(name: str) -> set[str]:
    return set(words_key(name).split()) - _TITLES


def _has_title(*names: str) -> bool:
    return any(not _TITLES.isdisjoint(words_key(name).split()) for name in names)


def _stands_for(word: str, full: str) -> bool:
    return word == full or (min(len(word), len(full)) == 1 and word[0] == full[0])
